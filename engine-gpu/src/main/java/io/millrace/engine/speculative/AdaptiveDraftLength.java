package io.millrace.engine.speculative;

import io.millrace.engine.scheduler.Sequence;
import java.util.Arrays;
import java.util.List;

/**
 * As many tokens as bring the most tokens per time: none, if a step with drafts is not expected to.
 *
 * <p>For a draft of k tokens of which each is accepted with probability a if those before it are, a
 * step yields 1 + a + ... + a^k tokens. Its time is the target's for all rows, own and drafted, and
 * the proposer's. Both are learned from the steps that were run: a ({@link Acceptance}) for each
 * sequence, the times ({@link StepCosts}) for each number of rows. So k falls as the batch grows: a
 * processor that is busy anyway has no rows to give away.
 *
 * <p>All k from 0 to the most are compared, the same for all sequences; then each whose drafts are
 * accepted too rarely to be worth the price of a row gets fewer. Beside chunks of prompts nothing
 * is drafted: they keep the processor busy, and every further row would cost its full price.
 */
public final class AdaptiveDraftLength implements DraftLength {

  /**
   * A step with drafts must promise this much more than one without: estimates are no more exact.
   */
  private static final double GAIN_MIN = 1.1;

  /** Most rows of a step that calibration tries. */
  private static final int CALIBRATION_ROWS_MAX = 64;

  private final int draftTokensMax;
  private final DraftProposer proposer;
  private final StepCosts costs = new StepCosts();
  private final Acceptance acceptance = new Acceptance();
  private boolean calibrating;
  private int calibrated;

  /**
   * @param draftTokensMax most tokens of one draft
   * @param proposer whose time counts; remains the caller's to close
   */
  public AdaptiveDraftLength(int draftTokensMax, DraftProposer proposer) {
    this.draftTokensMax = draftTokensMax;
    this.proposer = proposer;
  }

  @Override
  public int[] lengths(List<Sequence> sequences, int otherRows, int rowsMax) {
    if (otherRows > 0) {
      return new int[sequences.size()];
    }
    if (calibrating) {
      return next(sequences.size());
    }
    double[] rates = new double[sequences.size()];
    for (int i = 0; i < rates.length; i++) {
      rates[i] = acceptance.rate(sequences.get(i));
    }
    int n = sequences.size();
    double own = costs.nanos(n);
    double best = GAIN_MIN * n / own;
    int length = 0;
    double bestNanos = own;
    for (int k = 1; k <= draftTokensMax && k * n <= Math.max(rowsMax, n); k++) {
      double nanos = costs.nanos(n * (1 + k)) + proposer.estimateNanos(sequences, k);
      double tokens = 0;
      for (double rate : rates) {
        tokens += expected(rate, k);
      }
      if (tokens / nanos > best) {
        best = tokens / nanos;
        bestNanos = nanos;
        length = k;
      }
    }
    return length == 0 ? none(sequences) : worthIt(sequences, rates, length, best, bestNanos - own);
  }

  @Override
  public void verified(Sequence sequence, int drafted, int accepted) {
    if (!calibrating) {
      acceptance.verified(sequence, drafted, accepted);
    }
  }

  @Override
  public void measured(int rows, long nanos) {
    costs.measured(rows, nanos);
  }

  @Override
  public void calibrate(boolean begin) {
    calibrating = begin;
    if (begin) {
      costs.forget();
    }
    proposer.calibrate(begin);
  }

  @Override
  public void release(Sequence sequence) {
    acceptance.release(sequence);
  }

  /** One length after another, none included. */
  private int[] next(int n) {
    int most = Math.min(draftTokensMax, Math.max(0, CALIBRATION_ROWS_MAX / n - 1));
    int[] lengths = new int[n];
    Arrays.fill(lengths, calibrated++ % (most + 1));
    return lengths;
  }

  private int[] none(List<Sequence> sequences) {
    sequences.forEach(acceptance::idle);
    acceptance.idle();
    return new int[sequences.size()];
  }

  /**
   * Cuts each sequence's draft where a further token brings less than a row costs.
   *
   * @param rate tokens per nanosecond of the step
   * @param nanos what all drafts together add to the step
   */
  private int[] worthIt(
      List<Sequence> sequences, double[] rates, int length, double rate, double nanos) {
    double price = rate * nanos / (length * sequences.size());
    int[] lengths = new int[rates.length];
    for (int i = 0; i < rates.length; i++) {
      double accepted = rates[i];
      while (lengths[i] < length && accepted >= price) {
        lengths[i]++;
        accepted *= rates[i];
      }
      if (lengths[i] == 0) {
        acceptance.idle(sequences.get(i));
      }
    }
    return lengths;
  }

  /** Tokens that a step yields with a draft of k: 1 + rate + ... + rate^k. */
  private static double expected(double rate, int k) {
    return (1 - Math.pow(rate, k + 1)) / (1 - rate);
  }
}
