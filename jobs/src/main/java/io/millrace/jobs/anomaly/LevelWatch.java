package io.millrace.jobs.anomaly;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Watches the level of a signal against its last {@link Baseline#VALUES_MAX} calm windows, on a
 * scale where its noise is even. Unlikely is: far from the median in this window, or less far and
 * also in the one before, or less far and outside all that was ever seen, as {@link
 * NoveltyDetector} tells. Alerts teach nothing, so that a second one is as visible as the first.
 */
abstract class LevelWatch implements Watch {
  /** Windows before anything is judged. */
  static final int WARM_UP = 8;

  /** Standard deviations that open an alert on their own. */
  private static final double FAR = 7;

  /** Standard deviations that do so for values never seen. */
  private static final double FAR_AND_NEW = 5;

  /** Standard deviations that keep it open. */
  private static final double NEAR = 2;

  private final Baseline baseline = new Baseline();
  private NoveltyDetector novelty = new NoveltyDetector();
  private double before;

  /** The signal; NaN if there is too little to tell. */
  abstract double value(WindowTotals window);

  /** The value on the scale that is judged, rising with how bad it is. */
  abstract double level(double value);

  /** The value of a level. */
  abstract double valueOf(double level);

  /** The least spread of levels that is believed. */
  abstract double spreadMin();

  /** Whether it would matter. */
  abstract boolean matters(double value, double expected);

  /** Whether it matters still: no flapping at the gate's edge. */
  abstract boolean stays(double value, double expected);

  /** Whether it matters now. */
  abstract boolean critical(double value, double expected);

  @Override
  public final Judgement judge(WindowTotals window, boolean open) {
    double value = value(window);
    if (Double.isNaN(value)) {
      before = 0;
      return baseline.size() < WARM_UP
          ? Judgement.CALM
          : Judgement.calm(0, valueOf(baseline.median()), 0);
    }
    double level = level(value);
    if (baseline.size() < WARM_UP) {
      learn(level);
      return Judgement.CALM;
    }
    double median = baseline.median();
    double expected = valueOf(median);
    double z = (level - median) / Math.max(baseline.spread(), spreadMin());
    double evidence = Math.max(z, (z + before) / Math.sqrt(2));
    before = z;
    boolean anomalous =
        open
            ? z >= NEAR && stays(value, expected)
            : matters(value, expected)
                && (evidence >= FAR || (evidence >= FAR_AND_NEW && isNew(level)));
    if (!anomalous) {
      learn(level);
      return Judgement.calm(value, expected, evidence);
    }
    return new Judgement(true, critical(value, expected), value, expected, evidence);
  }

  private void learn(double level) {
    baseline.add(level);
    novelty.score(level);
  }

  /** Asks a copy: what opens an alert must not become known by it. */
  private boolean isNew(double level) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      novelty.write(new DataOutputStream(bytes));
      NoveltyDetector copy = new NoveltyDetector();
      copy.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
      return copy.score(level) >= NoveltyDetector.THRESHOLD;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public final void accept() {
    baseline.clear();
    novelty = new NoveltyDetector();
    before = 0;
  }

  @Override
  public final void write(DataOutput out) throws IOException {
    baseline.write(out);
    novelty.write(out);
    out.writeDouble(before);
  }

  @Override
  public final void read(DataInput in) throws IOException {
    baseline.read(in);
    novelty.read(in);
    before = in.readDouble();
  }
}
