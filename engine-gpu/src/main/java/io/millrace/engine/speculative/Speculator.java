package io.millrace.engine.speculative;

import io.millrace.engine.DraftCounts;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.scheduler.ChunkOutput;
import io.millrace.engine.scheduler.ScheduledBatch;
import io.millrace.engine.scheduler.ScheduledBatch.Chunk;
import io.millrace.engine.scheduler.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Extends a step by drafts, and learns from what became of them.
 *
 * <p>A draft only ever gets what is left: of the step's budget of tokens what the sequences' own
 * tokens and the prompts' chunks leave, of the blocks what nobody uses. It never preempts anybody.
 * It may take a block from the prefix cache, as the sequence itself would some tokens later: a pool
 * that has been in use for a while has no others. A draft ends before the model's end token, which
 * the target draws anyway, and within the sequence's limit.
 *
 * <p>Cycle: {@link #extend} after the batch is scheduled, the forward pass, {@link #learn}; later
 * {@link #count}. A proposer that fails is switched off; answers do not depend on it. Not
 * thread-safe.
 */
public final class Speculator implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Speculator.class);

  private final DraftProposer proposer;
  private final DraftLength draftLength;
  private final int draftTokensMax;
  private final int vocabSize;
  private final BlockPool pool;
  private final LongSupplier nanoClock;
  private final DraftTally tally;
  private boolean off;
  private long began;

  /**
   * @param proposer closed with this
   * @param draftLength how many tokens to ask it for
   * @param draftTokensMax most tokens of one draft
   * @param vocabSize tokens that the target draws from
   * @param pool the target's blocks
   * @param nanoClock the time in nanoseconds, from any origin
   */
  public Speculator(
      DraftProposer proposer,
      DraftLength draftLength,
      int draftTokensMax,
      int vocabSize,
      BlockPool pool,
      LongSupplier nanoClock) {
    this.proposer = proposer;
    this.draftLength = draftLength;
    this.draftTokensMax = draftTokensMax;
    this.vocabSize = vocabSize;
    this.pool = pool;
    this.nanoClock = nanoClock;
    this.tally = new DraftTally(draftTokensMax);
    this.off = proposer == DraftProposer.NONE || draftTokensMax == 0;
  }

  /**
   * Adds drafts to chunks that decode, and reserves their blocks.
   *
   * @param tokensMax the step's budget
   */
  public ScheduledBatch extend(ScheduledBatch batch, int tokensMax) {
    if (off || batch.isEmpty()) {
      return batch;
    }
    began = nanoClock.getAsLong();
    List<Draft> drafts = wanted(batch, tokensMax - batch.tokens());
    return !drafts.isEmpty() && propose(drafts) ? withDrafts(batch, drafts) : batch;
  }

  /** Learns from a step that was just computed. */
  public void learn(ScheduledBatch batch, List<ChunkOutput> outputs) {
    if (off) {
      return;
    }
    long nanos = nanoClock.getAsLong() - began;
    boolean decodes = true;
    boolean drafted = false;
    int tokens = 0;
    for (int i = 0; i < outputs.size(); i++) {
      Chunk chunk = batch.chunks().get(i);
      decodes &= chunk.decodes() && outputs.get(i).error() == null;
      tokens += 1 + outputs.get(i).accepted();
      if (chunk.draft().length > 0) {
        drafted = true;
        draftLength.verified(chunk.sequence(), chunk.draft().length, outputs.get(i).accepted());
      }
    }
    if (decodes) {
      draftLength.stepped(outputs.size(), tokens, nanos, drafted);
    }
  }

  /**
   * How long the step that was just learned from would have taken without its drafts, for one token
   * a sequence.
   *
   * @return nanoseconds; 0 if it had no drafts or did more than decode, or if that is not known
   */
  public double plainNanos(ScheduledBatch batch, List<ChunkOutput> outputs) {
    boolean decodes = batch.chunks().stream().allMatch(Chunk::decodes);
    boolean drafted = batch.chunks().stream().anyMatch(chunk -> chunk.draft().length > 0);
    boolean failed = outputs.stream().anyMatch(output -> output.error() != null);
    return decodes && drafted && !failed ? draftLength.plainNanos(outputs.size()) : 0;
  }

  /**
   * Counts what became of a chunk's draft, if it had one.
   *
   * @param accepted how many of its tokens are part of the answer
   */
  public void count(Chunk chunk, int accepted) {
    if (chunk.draft().length > 0) {
      tally.chunk(chunk.draft().length, accepted);
    }
  }

  /**
   * Measures what drafts take, once the kernels are compiled, and forgets what was learned before.
   *
   * @param target how long the target's passes take
   * @param nanosMax about how long it may take
   */
  public void calibrate(PassTimes target, long nanosMax) {
    if (!off) {
      draftLength.calibrate(target);
      proposer.calibrate(nanosMax);
    }
  }

  /** Forgets a sequence that has ended. */
  public void release(Sequence sequence) {
    proposer.release(sequence);
    draftLength.release(sequence);
  }

  /** What became of all drafts so far. */
  public DraftCounts counts() {
    return tally.counts();
  }

  @Override
  public void close() {
    proposer.close();
  }

  /** An empty draft for each chunk that may have one. */
  private List<Draft> wanted(ScheduledBatch batch, int rowsMax) {
    List<Sequence> sequences = new ArrayList<>(batch.chunks().size());
    for (Chunk chunk : batch.chunks()) {
      if (chunk.decodes()) {
        sequences.add(chunk.sequence());
      }
    }
    if (sequences.isEmpty()) {
      return List.of();
    }
    int[] lengths = draftLength.lengths(sequences, batch.tokens() - sequences.size(), rowsMax);
    List<Draft> drafts = new ArrayList<>(sequences.size());
    int rowsLeft = rowsMax;
    for (int i = 0; i < lengths.length && rowsLeft > 0; i++) {
      Sequence sequence = sequences.get(i);
      // The last token that the sequence may have is drawn, never computed.
      int room = sequence.tokensMax() - 1 - sequence.length();
      int length = Math.min(Math.min(lengths[i], draftTokensMax), Math.min(room, rowsLeft));
      if (length > 0) {
        drafts.add(new Draft(sequence, length));
        rowsLeft -= length;
      }
    }
    return drafts;
  }

  private boolean propose(List<Draft> drafts) {
    try {
      proposer.propose(drafts);
      return true;
    } catch (RuntimeException e) {
      off = true;
      LOG.error("no more speculation: the proposer failed", e);
      return false;
    }
  }

  private ScheduledBatch withDrafts(ScheduledBatch batch, List<Draft> drafts) {
    Map<Sequence, int[]> proposed = new HashMap<>();
    for (Draft draft : drafts) {
      int[] tokens = reserve(draft.sequence(), valid(draft));
      if (tokens.length > 0) {
        proposed.put(draft.sequence(), tokens);
      }
    }
    if (proposed.isEmpty()) {
      return batch;
    }
    tally.step();
    List<Chunk> chunks = new ArrayList<>(batch.chunks().size());
    for (Chunk chunk : batch.chunks()) {
      int[] tokens = proposed.get(chunk.sequence());
      chunks.add(tokens == null ? chunk : chunk.withDraft(tokens));
    }
    return new ScheduledBatch(chunks);
  }

  /** The draft up to a token that the model does not know. */
  private int[] valid(Draft draft) {
    int[] tokens = draft.tokens();
    int length = 0;
    while (length < tokens.length && tokens[length] >= 0 && tokens[length] < vocabSize) {
      length++;
    }
    return length == tokens.length ? tokens : Arrays.copyOf(tokens, length);
  }

  /** As many of the tokens as there are blocks for; the sequence's table grows to hold them. */
  private int[] reserve(Sequence sequence, int[] tokens) {
    int free = sequence.blockTable().capacityTokens() - sequence.length();
    long room = free + (long) pool.available() * pool.blockTokens();
    int length = (int) Math.min(tokens.length, room);
    sequence.blockTable().grow(sequence.length() + length);
    return length == tokens.length ? tokens : Arrays.copyOf(tokens, length);
  }
}
