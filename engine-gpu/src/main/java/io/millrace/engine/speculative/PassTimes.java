package io.millrace.engine.speculative;

import io.millrace.engine.SamplingParams;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.kvcache.BlockTable;
import io.millrace.engine.model.BatchLayout;
import io.millrace.engine.model.LanguageModel;
import io.millrace.engine.sampling.RowDraws;
import io.millrace.engine.sampling.TokenHistory;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * How long a model's forward pass takes by its number of rows: measured once, on compiled code, and
 * not changed afterwards. What counts is how the times compare; a machine that is slower for a
 * while is so for all of them.
 *
 * <p>Each number of rows is run once a round, so that a disturbance meets all of them, and keeps
 * its shortest time, because what disturbs a pass only ever makes it longer. Between the measured
 * numbers of rows times are interpolated; beyond the last, a row costs what it costs on average
 * from half of that on.
 */
public final class PassTimes {

  /** Nothing measured: every pass takes no time. */
  static final PassTimes UNKNOWN = new PassTimes(new int[0], new double[0]);

  private static final int[] ROWS = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128};

  private static final int ROUNDS = 25;

  /** Positions that the rows look back on. */
  private static final int HISTORY = 64;

  private final int[] rows;
  private final double[] nanos;

  /**
   * @param rows ascending, from 1
   * @param nanos of each; made to ascend where it does not
   */
  PassTimes(int[] rows, double[] nanos) {
    this.rows = rows;
    this.nanos = nanos;
    for (int i = 1; i < nanos.length; i++) {
      nanos[i] = Math.max(nanos[i], nanos[i - 1]);
    }
  }

  /**
   * Runs a model on made-up tokens.
   *
   * @param pool the model's blocks; those taken are given back
   * @param nanosMax about how long it may take; a model too slow for it is measured with few rows
   * @param nanoClock the time in nanoseconds, from any origin
   */
  public static PassTimes measure(
      LanguageModel model, BlockPool pool, long nanosMax, LongSupplier nanoClock) {
    int positions =
        (int) Math.min(model.contextLength(), (long) pool.available() * pool.blockTokens());
    int count = 0;
    while (count < ROWS.length && ROWS[count] <= positions) {
      count++;
    }
    if (count == 0) {
      return UNKNOWN;
    }
    int history = Math.min(HISTORY, positions - ROWS[count - 1]);
    BlockTable table = new BlockTable(pool);
    table.grow(history + ROWS[count - 1]);
    try {
      Passes passes = new Passes(model, table, history, nanoClock);
      return passes.measure(count, nanosMax);
    } finally {
      table.release();
    }
  }

  /**
   * About how long a pass over so many rows takes.
   *
   * @param wanted rows, 0 or more; 0 takes no time
   * @return nanoseconds; 0 if nothing was measured
   */
  public double nanos(int wanted) {
    if (wanted == 0 || rows.length == 0) {
      return 0;
    }
    int found = Arrays.binarySearch(rows, wanted);
    if (found >= 0) {
      return nanos[found];
    }
    int above = -found - 1;
    if (above < rows.length) {
      double share = (double) (wanted - rows[above - 1]) / (rows[above] - rows[above - 1]);
      return nanos[above - 1] + share * (nanos[above] - nanos[above - 1]);
    }
    int last = rows.length - 1;
    return nanos[last] + perFurtherRow() * (wanted - rows[last]);
  }

  private double perFurtherRow() {
    int last = rows.length - 1;
    if (last == 0) {
      return nanos[0];
    }
    int half = rows[last] / 2;
    return (nanos[last] - nanos(half)) / (rows[last] - half);
  }

  /** Passes over the last rows of one made-up sequence. */
  private record Passes(
      LanguageModel model, BlockTable table, int history, LongSupplier nanoClock) {

    /** Token 0, which is in every vocabulary, everywhere. */
    private static final TokenHistory ZEROS =
        new TokenHistory() {
          @Override
          public int length() {
            return Integer.MAX_VALUE;
          }

          @Override
          public int token(int position) {
            return 0;
          }
        };

    private static final SamplingParams GREEDY = SamplingParams.greedy(1);

    PassTimes measure(int count, long nanosMax) {
      if (history > 0) {
        run(0, history, 1);
      }
      long start = nanoClock.getAsLong();
      double[] shortest = new double[count];
      Arrays.fill(shortest, Double.POSITIVE_INFINITY);
      int measured = count;
      for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < measured; i++) {
          shortest[i] = Math.min(shortest[i], run(history, history + ROWS[i], ROWS[i]));
          if (nanoClock.getAsLong() - start > nanosMax) {
            measured = round == 0 ? i + 1 : measured;
            return new PassTimes(Arrays.copyOf(ROWS, measured), Arrays.copyOf(shortest, measured));
          }
        }
      }
      return new PassTimes(Arrays.copyOf(ROWS, measured), Arrays.copyOf(shortest, measured));
    }

    private double run(int from, int to, int logits) {
      BatchLayout layout = new BatchLayout();
      layout.add(ZEROS, from, to, table, logits);
      long start = nanoClock.getAsLong();
      if (model.draws()) { // as steps do
        RowDraws draws = new RowDraws(model.vocabSize());
        for (int row = 0; row < logits; row++) {
          draws.add(GREEDY, 0);
        }
        model.draw(layout.batch(), draws);
      } else {
        model.forward(layout.batch());
      }
      return (double) (nanoClock.getAsLong() - start);
    }
  }
}
