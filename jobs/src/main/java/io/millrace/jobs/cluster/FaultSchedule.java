package io.millrace.jobs.cluster;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/**
 * Which fault comes next, and after how much work: drawn from a seed. Every fault comes once before
 * any comes again.
 */
public final class FaultSchedule {
  private final Random random;
  private final int answersMax;
  private final Deque<Fault> round = new ArrayDeque<>();

  /**
   * @param answersMax most answers between two faults
   */
  public FaultSchedule(long seed, int answersMax) {
    this.random = new Random(seed);
    this.answersMax = answersMax;
  }

  /**
   * A fault to come.
   *
   * @param fault what dies
   * @param which a number that chooses one where there are several
   * @param afterAnswers how many answers come first
   */
  public record Planned(Fault fault, int which, int afterAnswers) {}

  /** Draws the next fault. */
  public Planned next() {
    if (round.isEmpty()) {
      List<Fault> faults = new ArrayList<>(Arrays.asList(Fault.values()));
      Collections.shuffle(faults, random);
      round.addAll(faults);
    }
    return new Planned(
        round.remove(), random.nextInt(Integer.MAX_VALUE), random.nextInt(answersMax + 1));
  }
}
