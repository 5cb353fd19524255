package io.millrace.jobs.anomaly;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * The default detector: what has not been seen before is an anomaly. Three kinds of news, the
 * greatest of which is the score: a value beyond the range of all values, a mean of the last window
 * beyond the range of all such means, and a distribution within the window unlike all known ones.
 * It needs no unit, no period and no training; a level that stays, and a season that returns, are
 * news once. After news it is quiet for a while, but for greater news.
 *
 * <p>State: under 700 bytes. The constants were chosen on 35 files of the Numenta Anomaly
 * Benchmark; docs/BENCHMARKS.md says how, and how well they do.
 */
public final class NoveltyDetector implements Detector {
  /** Scores from which on a value is an anomaly, where nothing else is known. */
  public static final double THRESHOLD = 0.2;

  private static final int WINDOW = 24;

  /**
   * First values, which are learnt and not judged: two windows, so that means have a range, too.
   */
  static final int WARM_UP = 2 * WINDOW;

  /** Values after news in which only greater news counts. */
  private static final int QUIET = 100;

  private final RangeNovelty values = new RangeNovelty();
  private final RangeNovelty means = new RangeNovelty();
  private final PatternNovelty patterns = new PatternNovelty();
  private final double[] window = new double[WINDOW];
  private int seen;
  private int next;
  private int quiet;
  private double last;

  @Override
  public double score(double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("a value must be finite, not " + value);
    }
    return debounced(novelty(value));
  }

  private double novelty(double value) {
    window[next] = value;
    next = (next + 1) % WINDOW;
    seen = Math.min(seen + 1, WARM_UP + 1);
    patterns.widen(value);
    double novelty = values.score(value);
    if (seen >= WINDOW) {
      double mean = Arrays.stream(window).sum() / WINDOW;
      novelty = Math.max(novelty, Math.max(means.score(mean), patterns.score(window)));
    }
    return seen > WARM_UP ? novelty : 0;
  }

  private double debounced(double novelty) {
    if (quiet > 0) {
      quiet--;
      if (novelty <= last) {
        return 0;
      }
    }
    if (novelty > 0) {
      last = novelty;
      quiet = QUIET;
    }
    return novelty;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    values.write(out);
    means.write(out);
    patterns.write(out);
    for (double value : window) {
      out.writeDouble(value);
    }
    out.writeByte(seen);
    out.writeByte(next);
    out.writeByte(quiet);
    out.writeDouble(last);
  }

  @Override
  public void read(DataInput in) throws IOException {
    values.read(in);
    means.read(in);
    patterns.read(in);
    for (int i = 0; i < WINDOW; i++) {
      window[i] = in.readDouble();
    }
    seen = in.readUnsignedByte();
    next = in.readUnsignedByte();
    quiet = in.readUnsignedByte();
    last = in.readDouble();
  }
}
