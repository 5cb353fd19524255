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
   * A run of tokens of one sequence, the first of those not yet computed.
   *
   * @param sequence whose tokens; its block table has room for all of them
   * @param from position of the first
   * @param to position after the last
   * @param sampled whether the next token is to be drawn from the last one's logits: it is the
   *     sequence's last
   */
  public record Chunk(Sequence sequence, int from, int to, boolean sampled) {

    public int tokens() {
      return to - from;
    }
  }
}
