package io.millrace.engine.sampling;

import io.millrace.engine.SamplingParams;
import java.util.Arrays;

/**
 * How the tokens of a step's rows are to be drawn, as the flat arrays that a device takes which
 * draws them itself, so that logits need not leave it. What it draws is what {@link Sampler} draws.
 * Reused from step to step; not thread-safe.
 */
public final class RowDraws {
  /** Whole numbers of a row: top-k, choice, position. */
  public static final int WHOLE = 3;

  /** Real numbers of a row: temperature, top-p, min-p. */
  public static final int REAL = 3;

  private final int vocabSize;
  private long[] seeds = new long[16];
  private int[] whole = new int[16 * WHOLE];
  private float[] real = new float[16 * REAL];
  private int rows;

  /**
   * @param vocabSize tokens to draw from: the first ones of a row of logits
   */
  public RowDraws(int vocabSize) {
    this.vocabSize = vocabSize;
  }

  /**
   * Whether a device can draw so: it knows logits alone, and neither the tokens that a repetition
   * penalty is about nor a response format.
   */
  public static boolean suits(SamplingParams params, TokenHistory history) {
    return params.repetitionPenalty() == 1 && history.grammar() == null;
  }

  /** Forgets all rows. */
  public void clear() {
    rows = 0;
  }

  /**
   * Adds the next row.
   *
   * @param position as {@link Sampler#draw} takes it
   */
  public void add(SamplingParams params, int position) {
    if (rows == seeds.length) {
      seeds = Arrays.copyOf(seeds, 2 * rows);
      whole = Arrays.copyOf(whole, 2 * rows * WHOLE);
      real = Arrays.copyOf(real, 2 * rows * REAL);
    }
    seeds[rows] = params.seed();
    whole[WHOLE * rows] = params.topK();
    whole[WHOLE * rows + 1] = params.choice();
    whole[WHOLE * rows + 2] = position;
    real[REAL * rows] = params.temperature();
    real[REAL * rows + 1] = params.topP();
    real[REAL * rows + 2] = params.minP();
    rows++;
  }

  public int rows() {
    return rows;
  }

  public int vocabSize() {
    return vocabSize;
  }

  /** {@code [rows]} and more. */
  public long[] seeds() {
    return seeds;
  }

  /** {@code [rows][top-k, choice, position]} and more. */
  public int[] whole() {
    return whole;
  }

  /** {@code [rows][temperature, top-p, min-p]} and more. */
  public float[] real() {
    return real;
  }
}
