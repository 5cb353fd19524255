package io.millrace.engine.speculative;

import io.millrace.engine.scheduler.Sequence;
import java.util.HashMap;
import java.util.Map;

/**
 * How likely a drafted token is to be accepted, those before it being so: estimated for each
 * sequence from its own drafts, starting from what is usual in the engine.
 *
 * <p>A draft tells of as many trials as tokens were accepted, and of one more if one was rejected;
 * what came after that one was never tried. The latest trials weigh most. The longer a sequence
 * goes without a draft, the less its trials weigh, and the engine's estimate returns to its hopeful
 * start as slowly: so what was given up is tried again, rarely.
 */
final class Acceptance {
  private static final double HOPE = 0.95;

  /** Trials that the engine's estimate weighs as much as, in a sequence's. */
  private static final double PRIOR_TRIALS = 4;

  /** What is left of a trial's weight after each further one, for sequence and engine. */
  private static final double SEQUENCE_MEMORY = 0.95;

  private static final double ENGINE_MEMORY = 0.998;

  /** What is left of a sequence's trials whenever it is found not worth a draft. */
  private static final double SEQUENCE_IDLE_MEMORY = 0.9;

  private static final double ENGINE_IDLE_MEMORY = 0.99;

  private static final class Trials {
    double tried;
    double accepted;

    void add(boolean success, double memory) {
      fade(memory);
      tried++;
      accepted += success ? 1 : 0;
    }

    void fade(double memory) {
      tried *= memory;
      accepted *= memory;
    }

    double rate(double prior) {
      return (accepted + PRIOR_TRIALS * prior) / (tried + PRIOR_TRIALS);
    }
  }

  private final Trials engine = new Trials();
  private final Map<Sequence, Trials> sequences = new HashMap<>();

  /** The probability of acceptance, in (0, 1). */
  double rate(Sequence sequence) {
    double usual = engine.rate(HOPE);
    Trials trials = sequences.get(sequence);
    return trials == null ? usual : trials.rate(usual);
  }

  void verified(Sequence sequence, int drafted, int accepted) {
    Trials trials = sequences.computeIfAbsent(sequence, s -> new Trials());
    for (int i = 0; i < Math.min(drafted, accepted + 1); i++) {
      trials.add(i < accepted, SEQUENCE_MEMORY);
      engine.add(i < accepted, ENGINE_MEMORY);
    }
  }

  /** It was found not worth a draft. */
  void idle(Sequence sequence) {
    Trials trials = sequences.get(sequence);
    if (trials != null) {
      trials.fade(SEQUENCE_IDLE_MEMORY);
    }
  }

  /** Nobody was found worth a draft. */
  void idle() {
    engine.fade(ENGINE_IDLE_MEMORY);
  }

  void release(Sequence sequence) {
    sequences.remove(sequence);
  }
}
