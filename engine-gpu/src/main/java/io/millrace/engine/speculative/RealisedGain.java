package io.millrace.engine.speculative;

/**
 * What steps with drafts really brought, against steps without: a check on what {@link
 * AdaptiveDraftLength} expects of them, which knows nothing of long contexts or of neighbours on
 * the machine.
 *
 * <p>Batches are told apart by their size's power of two. While drafts go on, every {@link
 * #PLAIN_EVERY}th step does without, so that both are measured at the same time. Where drafts do
 * not pay, they pause: {@link #PAUSE_MIN} times as long as they were tried, and twice that each
 * further time, so that what trials cost soon vanishes.
 */
final class RealisedGain {
  private static final int PLAIN_EVERY = 16;
  private static final int PLAIN_MIN = 4;

  /**
   * A disturbance, such as a neighbour's turn on the processor, counts as at most so many plain
   * steps, for both kinds: it says nothing of either.
   */
  private static final double DISTURBANCE_MAX = 5;

  private static final int PAUSE_MIN = 16;
  private static final int PAUSE_MAX = PAUSE_MIN << 10;

  /** Steps with drafts before they are compared with those without. */
  private static final int DRAFTED_MIN = 48;

  /** Steps after which those are given up that take this much longer. */
  private static final int DRAFTED_FEW = 16;

  private static final double CLEARLY_LONGER = 1.2;

  /** Steps with drafts that paid, after which the next pause is short again. */
  private static final int TRUSTED = 2_048;

  private final Batch[] batches = new Batch[Integer.SIZE];

  /** Steps of one kind; the latest weigh most. */
  private static final class Steps {
    private static final double MEMORY = 0.99;

    private int count;
    private double weight;
    private double nanos;
    private double tokens;

    /**
     * @param disturbanceMax nanoseconds beyond the usual that count
     */
    void add(int stepTokens, long stepNanos, double disturbanceMax) {
      double most = count < PLAIN_MIN ? Double.POSITIVE_INFINITY : usual() + disturbanceMax;
      count++;
      weight = MEMORY * weight + 1;
      nanos = MEMORY * nanos + Math.min((double) stepNanos, most);
      tokens = MEMORY * tokens + stepTokens;
    }

    /** Nanoseconds of a step. */
    double usual() {
      return nanos / weight;
    }

    double nanosPerToken() {
      return nanos / tokens;
    }
  }

  private static final class Batch {
    Steps plain = new Steps();
    Steps drafted = new Steps();
    int sincePlain;
    double tried; // nanoseconds
    double pause; // nanoseconds left
    int nextPause = PAUSE_MIN;
  }

  /** Whether the next step of so many sequences may have drafts. */
  boolean mayDraft(int sequences) {
    Batch batch = batch(sequences);
    return batch.pause <= 0 && batch.plain.count >= PLAIN_MIN && batch.sincePlain < PLAIN_EVERY - 1;
  }

  /**
   * Learns from a step in which all sequences decoded.
   *
   * @param tokens that the answers grew by
   * @param nanos of the drafts and the forward pass
   * @param drafted whether any sequence was drafted for
   */
  void step(int sequences, int tokens, long nanos, boolean drafted) {
    Batch batch = batch(sequences);
    double disturbanceMax = DISTURBANCE_MAX * batch.plain.usual();
    if (drafted) {
      batch.drafted.add(tokens, nanos, disturbanceMax);
      batch.tried += (double) nanos;
      batch.sincePlain++;
      judge(batch);
    } else {
      batch.plain.add(tokens, nanos, disturbanceMax);
      batch.pause -= (double) nanos;
      batch.sincePlain = 0;
    }
  }

  /**
   * How long a step of so many sequences takes without drafts: what those of about as many took
   * lately, put to this number by the timed passes; before there were any, the timed pass.
   *
   * @return nanoseconds; 0 if nothing was timed
   */
  double plainNanos(int sequences, PassTimes timed) {
    Steps plain = batch(sequences).plain;
    if (plain.count == 0) {
      return timed.nanos(sequences);
    }
    double usualSequences = plain.tokens / plain.weight;
    int below = (int) usualSequences;
    double share = usualSequences - below;
    double timedUsual = (1 - share) * timed.nanos(below) + share * timed.nanos(below + 1);
    return plain.usual()
        * (timedUsual > 0 ? timed.nanos(sequences) / timedUsual : sequences / usualSequences);
  }

  private static void judge(Batch batch) {
    int count = batch.drafted.count;
    double longer = batch.drafted.nanosPerToken() / batch.plain.nanosPerToken();
    if (count >= DRAFTED_FEW && longer > (count < DRAFTED_MIN ? CLEARLY_LONGER : 1)) {
      batch.pause = batch.nextPause * batch.tried;
      batch.nextPause = Math.min(PAUSE_MAX, 2 * batch.nextPause);
      batch.drafted = new Steps();
      batch.tried = 0;
    } else if (count == TRUSTED) {
      batch.nextPause = PAUSE_MIN;
    }
  }

  private Batch batch(int sequences) {
    int power = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(sequences);
    if (batches[power] == null) {
      batches[power] = new Batch();
    }
    return batches[power];
  }
}
