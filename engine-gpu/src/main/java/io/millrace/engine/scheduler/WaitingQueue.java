package io.millrace.engine.scheduler;

import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who joins the batch next. The policy:
 *
 * <ol>
 *   <li>The lowest priority value.
 *   <li>Within a priority, the tenant that was served least (see {@link FairQueue}). A prompt token
 *       costs {@value #PROMPT_TOKEN_SERVICE}, charged for the whole prompt when it joins; a token
 *       of output {@value #OUTPUT_TOKEN_SERVICE}, charged when it is drawn. Prompt tokens that the
 *       prefix cache holds cost nothing, nor does computing again what a preemption threw away.
 *   <li>Within a tenant, those that were preempted, then the earliest deadline, then the earliest
 *       arrival.
 *   <li>But no one waits for ever: when others have joined {@code overtakesMax} times in a row
 *       before the one that has waited longest, it is next whatever its priority and tenant, and is
 *       senior from then on: it runs before all others and is not preempted for them. Neither is
 *       one that was preempted more often than that.
 * </ol>
 *
 * <p>Service is counted for each priority apart, and forgotten when a priority has no sequence any
 * more. Every operation takes O(log n) time. Not thread-safe.
 */
final class WaitingQueue {
  static final int PROMPT_TOKEN_SERVICE = 1;
  static final int OUTPUT_TOKEN_SERVICE = 2;

  private final int overtakesMax;
  private final TreeMap<Integer, FairQueue> priorities = new TreeMap<>();

  /** All that wait: senior ones first, then by arrival. */
  private final TreeSet<Sequence> byTurn =
      new TreeSet<>(
          Comparator.comparing(Sequence::isSenior, Comparator.reverseOrder())
              .thenComparingLong(Sequence::arrival));

  /** How many have joined in a row that were not the first by turn. */
  private int overtakes;

  /**
   * @param overtakesMax how many may join before the one that has waited longest
   */
  WaitingQueue(int overtakesMax) {
    this.overtakesMax = overtakesMax;
  }

  /** Adds a new sequence. */
  void add(Sequence sequence) {
    priorities.computeIfAbsent(sequence.priority(), priority -> new FairQueue()).add(sequence);
    byTurn.add(sequence);
  }

  /** Has a sequence wait again, at the head of its tenant if it ran before. */
  void putBack(Sequence sequence) {
    if (sequence.preemptions() > overtakesMax) {
      sequence.becomeSenior();
    }
    of(sequence).putBack(sequence);
    byTurn.add(sequence);
  }

  /** The one that joins next, of a queue that is not empty. */
  Sequence first() {
    Sequence firstByTurn = byTurn.first();
    if (overtakes >= overtakesMax || firstByTurn.isSenior()) {
      return firstByTurn;
    }
    for (Map.Entry<Integer, FairQueue> priority : priorities.entrySet()) {
      if (!priority.getValue().isEmpty()) {
        return priority.getValue().first();
      }
    }
    throw new IllegalStateException("no sequence waits");
  }

  /** Whether a sequence that is next may still let others go first. */
  boolean canBeOvertaken(Sequence sequence) {
    return overtakes < overtakesMax && !sequence.isSenior();
  }

  /** Whether a sequence that is next comes before one that runs. */
  boolean comesBefore(Sequence next, Sequence running) {
    return !canBeOvertaken(next) || compare(next, running) < 0;
  }

  /**
   * Takes the {@link #first}, which joins, and has it pay for what is to be computed of its prompt.
   */
  void join(Sequence sequence, int promptTokens) {
    boolean itsTurn = sequence == byTurn.first();
    take(sequence);
    if (itsTurn && overtakes >= overtakesMax) {
      sequence.becomeSenior();
    }
    overtakes = itsTurn ? 0 : overtakes + 1;
    of(sequence).charge(sequence, (long) promptTokens * PROMPT_TOKEN_SERVICE);
  }

  /** Takes a sequence out, if it waits here. It stays known until it is forgotten. */
  void take(Sequence sequence) {
    if (byTurn.remove(sequence)) {
      of(sequence).take(sequence);
    }
  }

  /** Has a sequence pay for tokens drawn. */
  void drawn(Sequence sequence, int tokens) {
    of(sequence).charge(sequence, (long) tokens * OUTPUT_TOKEN_SERVICE);
  }

  /** Counts a sequence out that has ended, waiting or not. */
  void forget(Sequence sequence) {
    take(sequence);
    FairQueue queue = of(sequence);
    queue.forget(sequence);
    if (queue.sequences() == 0) {
      priorities.remove(sequence.priority());
    }
  }

  /** Which of two sequences, waiting or running, comes first by the policy. */
  int compare(Sequence a, Sequence b) {
    if (a.isSenior() || b.isSenior() || a.priority() != b.priority()) {
      return Sequence.BY_SENIORITY.compare(a, b);
    }
    return of(a).compare(a, b);
  }

  boolean isEmpty() {
    return byTurn.isEmpty();
  }

  /** Sequences that wait. */
  int size() {
    return byTurn.size();
  }

  /** Tenants remembered, over all priorities. */
  int tenants() {
    return priorities.values().stream().mapToInt(FairQueue::tenants).sum();
  }

  private FairQueue of(Sequence sequence) {
    return priorities.get(sequence.priority());
  }
}
