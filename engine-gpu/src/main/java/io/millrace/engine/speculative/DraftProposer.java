package io.millrace.engine.speculative;

import io.millrace.engine.scheduler.Sequence;
import java.util.List;

/**
 * Proposes the tokens that may come next. What it proposes changes how fast answers come and
 * nothing else, so it may be wrong, or propose nothing. Owned by the engine's thread.
 */
public interface DraftProposer extends AutoCloseable {

  /** Never proposes anything. */
  DraftProposer NONE =
      new DraftProposer() {
        @Override
        public void propose(List<Draft> drafts) {}

        @Override
        public double estimateNanos(List<Sequence> sequences, int draftTokens) {
          return 0;
        }

        @Override
        public void calibrate(long nanosMax) {}

        @Override
        public void release(Sequence sequence) {}

        @Override
        public void close() {}
      };

  /**
   * Adds tokens to the drafts, to each as many as it may have, or fewer, or none.
   *
   * @param drafts of different sequences; each may have at least one token
   */
  void propose(List<Draft> drafts);

  /**
   * About how long it would take now to propose so many tokens for each of these sequences. What is
   * to be done once for a sequence counts as if it were spread over some steps.
   *
   * @return nanoseconds; 0 while nothing is known
   */
  double estimateNanos(List<Sequence> sequences, int draftTokens);

  /**
   * Measures what its own passes take, if it makes any, when compiled code is there to measure.
   *
   * @param nanosMax about how long it may take
   */
  void calibrate(long nanosMax);

  /** Forgets a sequence that has ended, whether it was ever seen or not. */
  void release(Sequence sequence);

  @Override
  void close();
}
