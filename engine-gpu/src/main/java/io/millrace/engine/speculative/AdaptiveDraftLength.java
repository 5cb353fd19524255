package io.millrace.engine.speculative;

import io.millrace.engine.scheduler.Sequence;
import java.util.List;

/**
 * As many tokens as bring the most tokens per time: none, if a step with drafts is not expected to.
 *
 * <p>For a draft of k tokens of which each is accepted with probability a if those before it are, a
 * step yields 1 + a + ... + a^k tokens. Its time is the target's for all rows, own and drafted, and
 * the proposer's. The probabilities are learned for each sequence ({@link Acceptance}), the times
 * are measured beforehand ({@link PassTimes}). So k falls as the batch grows: a processor that is
 * busy anyway has no rows to give away. What steps really bring has the last word ({@link
 * RealisedGain}).
 *
 * <p>All k from 0 to the most are compared, the same for all sequences; then each whose drafts are
 * accepted too rarely to be worth the price of a row gets fewer. Beside chunks of prompts nothing
 * is drafted: they keep the processor busy, and every further row would cost its full price.
 */
public final class AdaptiveDraftLength implements DraftLength {

  /**
   * A step with drafts must promise this much more than one without. Less is not there in the end:
   * the last draft of an answer is partly in vain, and where threads wait for each other, a longer
   * pass waits more.
   */
  private static final double GAIN_MIN = 1.3;

  /**
   * Where no drafts were found worth it, that is looked into again after a step for so many
   * sequences: the larger the batch, the longer it takes to find out, and the less it changes.
   */
  private static final int LOOK_AGAIN_SEQUENCES = 2;

  private final int draftTokensMax;
  private final DraftProposer proposer;
  private PassTimes times = PassTimes.UNKNOWN;
  private Acceptance acceptance = new Acceptance();
  private RealisedGain realised = new RealisedGain();
  private int withoutDrafts;
  private int withoutDraftsFor; // sequences

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
    int n = sequences.size();
    if (otherRows > 0 || stillNone(n) || !realised.mayDraft(n)) {
      return new int[n];
    }
    double[] rates = new double[n];
    for (int i = 0; i < n; i++) {
      rates[i] = acceptance.rate(sequences.get(i));
    }
    double own = times.nanos(n);
    double best = GAIN_MIN * n / own;
    int length = 0;
    double bestNanos = own;
    for (int k = 1; k <= draftTokensMax && k * n <= Math.max(rowsMax, n); k++) {
      double nanos = times.nanos(n * (1 + k)) + proposer.estimateNanos(sequences, k);
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
    acceptance.verified(sequence, drafted, accepted);
  }

  @Override
  public void stepped(int sequences, int tokens, long nanos, boolean drafted) {
    realised.step(sequences, tokens, nanos, drafted);
  }

  @Override
  public double plainNanos(int sequences) {
    return realised.plainNanos(sequences, times);
  }

  @Override
  public void calibrate(PassTimes target) {
    times = target;
    acceptance = new Acceptance();
    realised = new RealisedGain();
  }

  @Override
  public void release(Sequence sequence) {
    acceptance.release(sequence);
  }

  /** Whether it was found lately that so many sequences are better off without drafts. */
  private boolean stillNone(int sequences) {
    return sequences == withoutDraftsFor && withoutDrafts-- > 0;
  }

  private int[] none(List<Sequence> sequences) {
    withoutDrafts = sequences.size() / LOOK_AGAIN_SEQUENCES;
    withoutDraftsFor = sequences.size();
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
