package io.millrace.jobs.anomaly;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * An answer is far longer than nearly all before it, or answers run into their limit again and
 * again: a model that does not stop.
 */
final class TokenRunaway implements Watch {
  /** Answers before a quantile of 99.9 % means anything. */
  private static final long ANSWERS_MIN = 1000;

  /** Answers after which older ones weigh half. */
  private static final long ANSWERS_MAX = 100_000;

  private static final double TIMES = 2;
  private static final int CUT_OFF_MIN = 10;
  private static final double CUT_OFF_SHARE = 0.5;
  private static final double CUT_OFF_USUAL_MAX = 0.1;

  private final LogHistogram lengths = new LogHistogram();
  private long cutOff;

  @Override
  public String name() {
    return "token-runaway";
  }

  @Override
  public String signal() {
    return "output_length_max_tokens";
  }

  @Override
  public Judgement judge(WindowTotals window, boolean open) {
    double usual = lengths.quantile(0.999);
    long seen = lengths.total();
    boolean tooLong = seen >= ANSWERS_MIN && window.outputTokensMax > TIMES * usual;
    boolean endless =
        seen >= ANSWERS_MIN
            && window.cutOff >= CUT_OFF_MIN
            && window.cutOff >= CUT_OFF_SHARE * window.generated
            && cutOff < CUT_OFF_USUAL_MAX * seen;
    if (tooLong || endless) {
      double value = (double) window.outputTokensMax;
      return new Judgement(true, endless, value, usual, value / usual);
    }
    lengths.add(window.outputTokens);
    cutOff += window.cutOff;
    if (lengths.total() > ANSWERS_MAX) {
      lengths.fade();
      cutOff /= 2;
    }
    double longest = (double) window.outputTokensMax;
    return Judgement.calm(longest, usual, seen >= ANSWERS_MIN ? longest / usual : 0);
  }

  @Override
  public void accept() {
    lengths.fade();
    while (lengths.total() >= ANSWERS_MIN) {
      lengths.fade();
    }
    cutOff = 0;
  }

  @Override
  public void write(DataOutput out) throws IOException {
    lengths.write(out);
    out.writeLong(cutOff);
  }

  @Override
  public void read(DataInput in) throws IOException {
    lengths.read(in);
    cutOff = in.readLong();
  }
}
