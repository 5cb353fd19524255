package io.millrace.engine.scheduler;

import io.millrace.engine.EngineConfig;
import io.millrace.engine.FinishReason;
import io.millrace.engine.TokenOutput;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.scheduler.ScheduledBatch.Chunk;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;

/**
 * Decides what each step computes. The whole policy:
 *
 * <ol>
 *   <li>Sequences are ordered by (priority, arrival).
 *   <li>Running ones come first. Each computes at least one token in every step, so that a long
 *       prompt slows others down but never stops them; what is left of the step's budget of tokens
 *       goes to the first that can use it.
 *   <li>A running sequence always has blocks for all its tokens. If none is free for the token it
 *       drew last, the last running sequence in the order is preempted: it gives its blocks up and
 *       waits again, keeping its tokens.
 *   <li>Then waiting ones join, strictly in order, while there is a place, budget, and room for all
 *       their tokens: not for the first chunk only, lest two prompts that fit one at a time block
 *       each other half way. One block stays free for each running sequence that may grow, lest the
 *       newcomer be preempted at once. (One just preempted cannot come straight back: at least one
 *       of the blocks that it needs is taken.)
 * </ol>
 *
 * <p>It cannot come to a standstill: a request that does not fit into an empty pool is not taken,
 * so the first running sequence always gets its blocks, and if none is running the first waiting
 * one does. What it computes is never taken away by those behind it, so it ends after at most as
 * many steps as it has tokens; then the next is first. Not thread-safe.
 */
public final class Scheduler {
  private final EngineConfig config;
  private final BlockPool pool;

  /** In order. */
  private final List<Sequence> running = new ArrayList<>();

  private final TreeSet<Sequence> waiting = new TreeSet<>(Sequence.ORDER);
  private long preemptions;

  /**
   * @param pool the blocks that the sequences' tables share
   */
  public Scheduler(EngineConfig config, BlockPool pool) {
    this.config = config;
    this.pool = pool;
  }

  /**
   * Whether a sequence of up to so many tokens, prompt and output together, could run if it were
   * alone. Its last token is drawn but never computed.
   */
  public boolean fits(int tokensMax) {
    return pool.blocksFor(tokensMax - 1) <= pool.size();
  }

  /** Queues a sequence that {@link #fits}. */
  public void add(Sequence sequence) {
    if (!fits(sequence.tokensMax())) {
      throw new IllegalArgumentException(sequence + " can never run");
    }
    waiting.add(sequence);
  }

  /** Ends a waiting or running sequence early; its blocks are free. */
  public void cancel(Sequence sequence) {
    if (!waiting.remove(sequence)) {
      running.remove(sequence);
    }
    sequence.finish(FinishReason.CANCELLED);
  }

  /** Decides on the next step, and reserves its blocks. Empty only if there is no sequence. */
  public ScheduledBatch schedule() {
    List<Chunk> chunks = new ArrayList<>(running.size() + 1);
    int budget = config.stepTokensMax();
    for (int i = 0; i < running.size() && reserve(running.get(i)); i++) {
      int behind = running.size() - i - 1;
      budget -= chunk(running.get(i), budget - behind, chunks);
    }
    while (!waiting.isEmpty() && budget > 0 && mayJoin(waiting.first())) {
      Sequence sequence = waiting.pollFirst();
      // A prefix cache would first give the table the blocks it shares, as computed tokens.
      sequence.blockTable().grow(sequence.length());
      running.add(-Collections.binarySearch(running, sequence, Sequence.ORDER) - 1, sequence);
      budget -= chunk(sequence, budget, chunks);
    }
    return new ScheduledBatch(chunks);
  }

  /**
   * Applies what the step computed: sequences move on, and leave if they end.
   *
   * @param outputs one for each chunk of the batch
   */
  public void update(ScheduledBatch batch, List<ChunkOutput> outputs) {
    for (int i = 0; i < outputs.size(); i++) {
      Chunk chunk = batch.chunks().get(i);
      Sequence sequence = chunk.sequence();
      apply(chunk, outputs.get(i));
      if (sequence.isFinished()) {
        running.remove(sequence);
      }
    }
  }

  /** Running sequences, in order. A live view. */
  public List<Sequence> running() {
    return Collections.unmodifiableList(running);
  }

  public int waitingCount() {
    return waiting.size();
  }

  /** Sequences preempted so far. */
  public long preemptions() {
    return preemptions;
  }

  /** Plans a sequence's next tokens, as many as it has and the limit allows. */
  private static int chunk(Sequence sequence, int tokensMax, List<Chunk> chunks) {
    int from = sequence.computedTokens();
    int to = Math.min(sequence.length(), from + tokensMax);
    chunks.add(new Chunk(sequence, from, to, to == sequence.length()));
    return to - from;
  }

  /**
   * Gives a running sequence blocks for all its tokens, preempting from the end of the order, if
   * need be the sequence itself.
   *
   * @return whether it has them; if not, it was the last and runs no longer
   */
  private boolean reserve(Sequence sequence) {
    while (!sequence.blockTable().grow(sequence.length())) {
      Sequence victim = running.remove(running.size() - 1);
      victim.preempt();
      waiting.add(victim);
      preemptions++;
      if (victim == sequence) {
        return false;
      }
    }
    return true;
  }

  private boolean mayJoin(Sequence sequence) {
    int blocks = pool.blocksFor(sequence.length());
    return running.size() < config.sequencesMax() && blocks <= pool.free() - growing();
  }

  /** Running sequences that may need more blocks than they have. */
  private int growing() {
    int growing = 0;
    for (Sequence sequence : running) {
      if (sequence.blockTable().capacityTokens() < sequence.tokensMax() - 1) {
        growing++;
      }
    }
    return growing;
  }

  private static void apply(Chunk chunk, ChunkOutput output) {
    Sequence sequence = chunk.sequence();
    if (output.error() != null) {
      sequence.fail(output.error());
      return;
    }
    sequence.computed(chunk.to());
    for (TokenOutput token : output.tokens()) {
      if (!sequence.isFinished()) {
        sequence.append(token);
      }
    }
  }
}
