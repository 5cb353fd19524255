package io.millrace.engine.scheduler;

import java.util.List;

/**
 * One engine step: which tokens of which sequences to compute. All that crosses from the scheduler
 * to the model runner; the sequences it names stand still until {@link Scheduler#update}.
 *
 * @param chunks in the order of the rows; no sequence twice, none empty
 */
public record ScheduledBatch(List<Chunk> chunks) {

  public ScheduledBatch {
    chunks = List.copyOf(chunks);
  }

  /** Tokens to compute. */
  public int tokens() {
    int tokens = 0;
    for (Chunk chunk : chunks) {
      tokens += chunk.tokens();
    }
    return tokens;
  }

  public boolean isEmpty() {
    return chunks.isEmpty();
  }

  /**
   * A run of tokens of one sequence, the first of those not yet computed; after them perhaps a
   * draft of those to come.
   *
   * @param sequence whose tokens; its block table has room for all of them and the draft
   * @param from position of the first
   * @param to position after the last of the sequence's own
   * @param sampled whether the next token is to be drawn from the last one's logits: it is the
   *     sequence's last
   * @param draft tokens proposed for the positions from {@code to} on, to be verified; not copied,
   *     not changed; empty unless {@code sampled}
   */
  public record Chunk(Sequence sequence, int from, int to, boolean sampled, int[] draft) {
    private static final int[] NO_DRAFT = {};

    /** A chunk without a draft. */
    public Chunk(Sequence sequence, int from, int to, boolean sampled) {
      this(sequence, from, to, sampled, NO_DRAFT);
    }

    /** Tokens to compute, drafted ones included. */
    public int tokens() {
      return to - from + draft.length;
    }

    /** Rows whose logits tokens are drawn from. */
    public int sampledRows() {
      return sampled ? 1 + draft.length : 0;
    }

    /** Whether the sequence only needs its last token computed to draw the next. */
    public boolean decodes() {
      return sampled && to - from == 1;
    }

    /** The same chunk with this draft. */
    public Chunk withDraft(int[] tokens) {
      return new Chunk(sequence, from, to, sampled, tokens);
    }

    /** The same chunk without a draft. */
    public Chunk withoutDraft() {
      return withDraft(NO_DRAFT);
    }
  }
}
