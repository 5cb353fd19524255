package io.millrace.jobs.cli.bench;

import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.LanguageModel;
import java.util.Arrays;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/**
 * Compares the logits and the speed of a model with a KV cache of float32 and of int8: every
 * position of one text, then one more token at its end over and over, in turns.
 */
final class KvComparison {

  /** Positions whose logits are asked for at once. */
  private static final int CHUNK = 64;

  private final LanguageModel floats;
  private final LanguageModel rounded;
  private final int[] tokens;
  private final LongSupplier cpuClock;
  private final int[] blocks;

  /**
   * @param meanDifference mean of {@code |int8 - f32|} over all logits of all positions
   * @param standardDeviation of the f32 logits of a position, root mean square over positions
   * @param sameTopShare positions whose most likely token is the same
   * @param worstLogit the largest difference
   */
  record Loss(
      double meanDifference, double standardDeviation, double sameTopShare, double worstLogit) {

    double relative() {
      return meanDifference / standardDeviation;
    }
  }

  /**
   * @param tokens at least 2, and at most what the models' caches hold
   * @param cpuClock the thread's CPU time, nanoseconds
   */
  KvComparison(LanguageModel floats, LanguageModel rounded, int[] tokens, LongSupplier cpuClock) {
    this.floats = floats;
    this.rounded = rounded;
    this.tokens = tokens;
    this.cpuClock = cpuClock;
    blocks = IntStream.range(0, floats.kvBlocks()).toArray();
  }

  /** Computes all positions with both, which fills their caches. */
  Loss loss() {
    int vocabulary = floats.vocabSize();
    double difference = 0;
    double variance = 0;
    double worst = 0;
    int same = 0;
    for (int from = 0; from < tokens.length; from += CHUNK) {
      int to = Math.min(tokens.length, from + CHUNK);
      ForwardBatch batch = batch(from, to);
      float[] exact = floats.forward(batch);
      float[] near = rounded.forward(batch);
      for (int row = 0; row < to - from; row++) {
        int at = row * vocabulary;
        variance += variance(exact, at, vocabulary);
        for (int i = at; i < at + vocabulary; i++) {
          double apart = Math.abs((double) exact[i] - near[i]);
          difference += apart;
          worst = Math.max(worst, apart);
        }
        same += top(exact, at, vocabulary) == top(near, at, vocabulary) ? 1 : 0;
      }
    }
    double positions = tokens.length;
    return new Loss(
        difference / positions / vocabulary,
        Math.sqrt(variance / positions),
        same / positions,
        worst);
  }

  /**
   * CPU time of a step that computes the last token again, f32 over int8: the median of pairs.
   * Before it {@link #loss} must have filled the caches.
   *
   * @param steps in each measurement
   */
  double speedRatio(int pairs, int steps) {
    ForwardBatch last = batch(tokens.length - 1, tokens.length);
    time(floats, last, steps); // not counted
    time(rounded, last, steps);
    double[] ratios = new double[pairs];
    for (int pair = 0; pair < pairs; pair++) {
      boolean floatsFirst = pair % 2 == 0;
      long first = time(floatsFirst ? floats : rounded, last, steps);
      long second = time(floatsFirst ? rounded : floats, last, steps);
      ratios[pair] = floatsFirst ? (double) first / second : (double) second / first;
    }
    Arrays.sort(ratios);
    return ratios[pairs / 2];
  }

  private long time(LanguageModel model, ForwardBatch batch, int steps) {
    long start = cpuClock.getAsLong();
    for (int i = 0; i < steps; i++) {
      model.forward(batch);
    }
    return Math.max(1, cpuClock.getAsLong() - start);
  }

  /** The tokens of a range; block i is the table's entry i, so that a slot is a position. */
  private ForwardBatch batch(int from, int to) {
    int[] positions = IntStream.range(from, to).toArray();
    return new ForwardBatch(
        Arrays.copyOfRange(tokens, from, to),
        positions,
        positions,
        new int[] {0, to - from},
        new int[][] {blocks},
        IntStream.range(0, to - from).toArray());
  }

  private static double variance(float[] x, int at, int length) {
    double sum = 0;
    double squares = 0;
    for (int i = at; i < at + length; i++) {
      sum += x[i];
      squares += (double) x[i] * x[i];
    }
    return squares / length - sum / length * (sum / length);
  }

  private static int top(float[] x, int at, int length) {
    int top = at;
    for (int i = at + 1; i < at + length; i++) {
      top = x[i] > x[top] ? i : top;
    }
    return top - at;
  }
}
