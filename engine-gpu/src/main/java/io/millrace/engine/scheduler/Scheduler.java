package io.millrace.engine.scheduler;

import io.millrace.engine.EngineConfig;
import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.TokenOutput;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.kvcache.CachedPrefix;
import io.millrace.engine.kvcache.PrefixCache;
import io.millrace.engine.scheduler.ScheduledBatch.Chunk;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.function.IntToDoubleFunction;

/**
 * Decides what each step computes. The whole policy:
 *
 * <ol>
 *   <li>Each running sequence computes at least one token in every step, but where that would take
 *       more of the others' time than is its tenant's share: then in turn with that tenant's others
 *       ({@link TimeShares}). The rest of the step's budget goes to those with more to compute,
 *       running or waiting, in the order of the {@link WaitingQueue}: priority, fair shares of the
 *       tenants, deadline, arrival. So a long prompt slows others down but never stops them, and
 *       many long prompts of one tenant slow the others down by no more than the share that is that
 *       tenant's.
 *   <li>A waiting sequence joins, strictly in that order, while there is a place, budget, and room
 *       for all its tokens: not for the first chunk only, lest two prompts that fit one at a time
 *       block each other half way. One block stays free for each running sequence that may grow,
 *       lest the newcomer be preempted at once. (One just preempted cannot come straight back: at
 *       least one of the blocks that it needs is taken.) Blocks that the prefix cache has of it are
 *       shared, not computed; its last token always is, for the logits. If another is about to
 *       compute most of it, it lets those behind it go first until then ({@link PrefixAwaiters}).
 *   <li>A running sequence always has blocks for all its tokens. If none is free for the token it
 *       drew last, the least senior running sequence is preempted: it gives its blocks up and waits
 *       again, keeping its tokens. What it had computed stays cached until others need the room. So
 *       is the least senior of a tenant that has several, where all places are taken and the tenant
 *       whose turn it is has none. Seniority is another order than the queue's, by priority and
 *       arrival, because that one changes with what is served: two sequences must not preempt each
 *       other in turn.
 *   <li>A sequence whose deadline passes ends, waiting or running.
 * </ol>
 *
 * <p>A batch may then be extended by drafts ({@link io.millrace.engine.speculative}), which take
 * only what this policy has left of the step's budget and of the blocks. Blocks taken for a draft
 * go back with {@link #update}, so that no later decision depends on what was drafted, but for the
 * tokens that came sooner.
 *
 * <p><b>It cannot come to a standstill, and nobody waits for ever.</b> A request that does not fit
 * into an empty pool is not taken, so the most senior running sequence always gets its blocks, and
 * if none is running the first waiting one does. While nobody joins, the running ones become fewer:
 * the most senior of them computes a token in every step, and no one can preempt it, so it ends,
 * and then the next; at last there is room for the first that waits. So sequences join without end.
 * The one that has waited longest is passed over a limited number of times; then none joins before
 * it, and it is senior. So is one that was preempted as often. Of two senior ones the earlier
 * arrival is more senior: only those that came before it, a number that never grows, can take its
 * blocks. So it ends; then the same holds for the next.
 *
 * <p>Not thread-safe.
 */
public final class Scheduler {
  private final EngineConfig config;
  private final BlockPool pool;

  /** Asked and filled only if the configuration says so. */
  private final PrefixCache prefixCache;

  /** By seniority. */
  private final List<Sequence> running = new ArrayList<>();

  private final WaitingQueue waiting;
  private final PrefixAwaiters awaiters;
  private final TimeShares shares;

  /** All with a deadline, the next to pass first. */
  private final TreeSet<Sequence> byDeadline =
      new TreeSet<>(
          Comparator.comparingLong(Sequence::deadlineMs).thenComparingLong(Sequence::arrival));

  private long steps;
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
    this.waiting = new WaitingQueue(config.overtakesMax());
    this.awaiters = new PrefixAwaiters(pool.blockTokens(), waiting::compare);
    this.shares = new TimeShares(config.stepTokensMax());
  }

  /**
   * Has steps shared out by the time they take.
   *
   * @param nanos how long a step takes by the tokens it computes, never falling
   */
  public void measured(IntToDoubleFunction nanos) {
    shares.measured(nanos);
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
    if (sequence.deadlineMs() != GenerationRequest.NO_DEADLINE) {
      byDeadline.add(sequence);
    }
  }

  /** Ends a waiting or running sequence early; its blocks are free. */
  public void cancel(Sequence sequence) {
    end(sequence, FinishReason.CANCELLED);
  }

  /**
   * Ends the sequences whose deadline has passed; their blocks are free.
   *
   * @param nowMs epoch milliseconds
   * @return the sequences, the earliest deadline first
   */
  public List<Sequence> expire(long nowMs) {
    List<Sequence> expired = new ArrayList<>();
    while (!byDeadline.isEmpty() && byDeadline.first().deadlineMs() <= nowMs) {
      Sequence sequence = byDeadline.first();
      end(sequence, FinishReason.EXPIRED);
      expired.add(sequence);
    }
    return expired;
  }

  /** Decides on the next step, and reserves its blocks. Empty only if there is no sequence. */
  public ScheduledBatch schedule() {
    reserveRunning();
    awaiters.takeReady(running).forEach(waiting::putBack);
    makePlace();
    steps++;
    TimeShares.Share share = shares.of(running, canJoin() ? waiting.first() : null);
    List<Chunk> chunks = new ArrayList<>(running.size() + 1);
    List<Sequence> catchingUp = new ArrayList<>();
    for (Sequence sequence : running) {
      if (!share.waiting().contains(sequence)) {
        if (sequence.pendingTokens() == 1) {
          chunk(sequence, 1, chunks);
        } else {
          catchingUp.add(sequence);
        }
      }
    }
    catchingUp.sort(waiting::compare);
    // One token of each sequence that takes part is set aside.
    int budget = share.rows() - (running.size() - share.waiting().size());
    for (Sequence sequence : catchingUp) {
      budget -= joinBefore(sequence, budget, chunks);
      budget -= chunk(sequence, 1 + budget, chunks) - 1;
    }
    joinBefore(null, budget, chunks);
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
        leave(sequence);
      }
    }
  }

  /** Running sequences, by seniority. A live view. */
  public List<Sequence> running() {
    return Collections.unmodifiableList(running);
  }

  public int waitingCount() {
    return waiting.size() + awaiters.size();
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

  /**
   * Lets waiting sequences join that come before a running one.
   *
   * @param other null if they need not come before any
   * @return tokens planned for them
   */
  private int joinBefore(Sequence other, int budget, List<Chunk> chunks) {
    int left = budget;
    while (left > 0 && canJoin()) {
      Sequence next = waiting.first();
      if (other != null && !waiting.comesBefore(next, other)) {
        break;
      }
      CachedPrefix prefix = cachedPrefix(next);
      if (awaitsPrefix(next, prefix)) {
        continue;
      }
      if (!hasRoom(next, prefix)) {
        break;
      }
      join(next, prefix);
      left -= chunk(next, left, chunks);
    }
    return budget - left;
  }

  private boolean canJoin() {
    return !waiting.isEmpty() && running.size() < config.sequencesMax();
  }

  /** Has a sequence that would join wait, if others are about to compute most of it. */
  private boolean awaitsPrefix(Sequence sequence, CachedPrefix prefix) {
    boolean awaits =
        config.prefixCache()
            && waiting.canBeOvertaken(sequence)
            && awaiters.await(sequence, prefix.blocks() * pool.blockTokens(), running);
    if (awaits) {
      waiting.take(sequence);
    }
    return awaits;
  }

  /** Lets a waiting sequence that {@link #hasRoom} into the batch. */
  private void join(Sequence sequence, CachedPrefix prefix) {
    // Shared first: growing may evict what nobody uses.
    prefixCache.share(prefix, sequence.blockTable());
    sequence.blockTable().grow(sequence.length());
    int cachedTokens = prefix.blocks() * pool.blockTokens();
    boolean first = !sequence.hasRun();
    waiting.join(sequence, first ? Math.max(0, sequence.promptLength() - cachedTokens) : 0);
    sequence.join(cachedTokens);
    if (first && config.prefixCache()) {
      prefixQueryTokens += sequence.promptLength();
      prefixHitTokens += sequence.cachedPromptTokens();
    }
    running.add(-Collections.binarySearch(running, sequence, Sequence.BY_SENIORITY) - 1, sequence);
  }

  /** Plans a sequence's next tokens, as many as it has and the limit allows. */
  private int chunk(Sequence sequence, int tokensMax, List<Chunk> chunks) {
    sequence.takePart(steps);
    int from = sequence.computedTokens();
    int to = Math.min(sequence.length(), from + tokensMax);
    chunks.add(new Chunk(sequence, from, to, to == sequence.length()));
    return to - from;
  }

  /**
   * Gives the running sequences blocks for all their tokens, the most senior first, preempting from
   * the other end.
   */
  private void reserveRunning() {
    for (int i = 0; i < running.size(); i++) {
      // Who gives its own blocks up was the last, so that the loop ends.
      while (i < running.size() && !running.get(i).blockTable().grow(running.get(i).length())) {
        preempt(running.get(running.size() - 1));
      }
    }
  }

  /**
   * Where all places are taken and the next tenant has none, it gets one of those that have most.
   * The other loses little: what was computed of its sequence stays cached.
   */
  private void makePlace() {
    if (config.prefixCache() && !waiting.isEmpty() && running.size() == config.sequencesMax()) {
      Sequence victim = shares.displaced(running, waiting.first());
      if (victim != null) {
        preempt(victim);
      }
    }
  }

  private void preempt(Sequence victim) {
    running.remove(victim);
    victim.preempt();
    waiting.putBack(victim);
    preemptions++;
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
    waiting.drawn(sequence, sequence.length() - before);
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

  private void end(Sequence sequence, FinishReason reason) {
    sequence.finish(reason);
    leave(sequence);
  }

  /** Forgets a sequence that has ended. */
  private void leave(Sequence sequence) {
    running.remove(sequence);
    awaiters.remove(sequence);
    byDeadline.remove(sequence);
    waiting.forget(sequence);
  }
}
