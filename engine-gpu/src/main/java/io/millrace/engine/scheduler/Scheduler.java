package io.millrace.engine.scheduler;

import io.millrace.engine.EngineConfig;
import io.millrace.engine.FinishReason;
import io.millrace.engine.TokenOutput;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.kvcache.CachedPrefix;
import io.millrace.engine.kvcache.PrefixCache;
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
 *       waits again, keeping its tokens. What it had computed stays cached until others need the
 *       room.
 *   <li>Then waiting ones join, strictly in order, while there is a place, budget, and room for all
 *       their tokens: not for the first chunk only, lest two prompts that fit one at a time block
 *       each other half way. One block stays free for each running sequence that may grow, lest the
 *       newcomer be preempted at once. (One just preempted cannot come straight back: at least one
 *       of the blocks that it needs is taken.) Blocks that the prefix cache has of it are shared,
 *       not computed; its last token always is, for the logits.
 * </ol>
 *
 * <p>A batch may then be extended by drafts ({@link io.millrace.engine.speculative}), which take
 * only what this policy has left of the step's budget and of the blocks. Blocks taken for a draft
 * go back with {@link #update}, so that no later decision depends on what was drafted, but for the
 * tokens that came sooner.
 *
 * <p>It cannot come to a standstill: a request that does not fit into an empty pool is not taken,
 * so the first running sequence always gets its blocks, and if none is running the first waiting
 * one does. What it computes is never taken away by those behind it, so it ends after at most as
 * many steps as it has tokens; then the next is first. Not thread-safe.
 */
public final class Scheduler {
  private final EngineConfig config;
  private final BlockPool pool;

  /** Asked and filled only if the configuration says so. */
  private final PrefixCache prefixCache;

  /** In order. */
  private final List<Sequence> running = new ArrayList<>();

  private final TreeSet<Sequence> waiting = new TreeSet<>(Sequence.ORDER);
  private long preemptions;
  private long prefixQueryTokens;
  private long prefixHitTokens;

  /**
   * @param pool the blocks that the sequences' tables share
   */
  public Scheduler(EngineConfig config, BlockPool pool) {
    this.config = config;
    this.pool = pool;
    this.prefixCache = new PrefixCache(pool);
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
    while (!waiting.isEmpty() && budget > 0 && running.size() < config.sequencesMax()) {
      CachedPrefix prefix = cachedPrefix(waiting.first());
      if (!hasRoom(waiting.first(), prefix)) {
        break;
      }
      Sequence sequence = waiting.pollFirst();
      join(sequence, prefix);
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

  /** Prompt tokens looked up in the prefix cache, once for each sequence that joined the batch. */
  public long prefixQueryTokens() {
    return prefixQueryTokens;
  }

  /** How many of {@link #prefixQueryTokens} were found. */
  public long prefixHitTokens() {
    return prefixHitTokens;
  }

  /** What is cached of a sequence, its last token excepted. */
  private CachedPrefix cachedPrefix(Sequence sequence) {
    return config.prefixCache()
        ? prefixCache.find(sequence.cacheSalt(), sequence::token, sequence.length() - 1)
        : CachedPrefix.NONE;
  }

  /** Lets a waiting sequence that {@link #hasRoom} into the batch. */
  private void join(Sequence sequence, CachedPrefix prefix) {
    // Shared first: growing may evict what nobody uses.
    prefixCache.share(prefix, sequence.blockTable());
    sequence.blockTable().grow(sequence.length());
    boolean first = sequence.join(prefix.blocks() * pool.blockTokens());
    if (first && config.prefixCache()) {
      prefixQueryTokens += sequence.promptLength();
      prefixHitTokens += sequence.cachedPromptTokens();
    }
    running.add(-Collections.binarySearch(running, sequence, Sequence.ORDER) - 1, sequence);
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

  private boolean hasRoom(Sequence sequence, CachedPrefix prefix) {
    int blocks = pool.blocksFor(sequence.length()) - prefix.blocks() + prefix.idleBlocks();
    return blocks <= pool.available() - growing();
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

  private void apply(Chunk chunk, ChunkOutput output) {
    Sequence sequence = chunk.sequence();
    if (output.error() != null) {
      sequence.fail(output.error());
      return;
    }
    int before = sequence.length();
    for (TokenOutput token : output.tokens()) {
      if (!sequence.isFinished()) {
        sequence.append(token);
      }
    }
    // What was computed of the draft beyond the accepted tokens is not the sequence's. Its last
    // token is computed again if the next could not be drawn from it.
    int accepted = Math.min(output.accepted(), sequence.length() - before);
    sequence.computed(
        chunk.sampled() ? Math.min(chunk.to() + accepted, sequence.length() - 1) : chunk.to());
    if (config.prefixCache()) {
      prefixCache.add(
          sequence.cacheSalt(), sequence::token, sequence.blockTable(), sequence.computedTokens());
    }
    if (sequence.isFinished()) {
      sequence.releaseBlocks();
    } else if (chunk.draft().length > 0) {
      sequence.blockTable().shrink(sequence.computedTokens());
    }
  }
}
