package io.millrace.engine.speculative;

import io.millrace.engine.FakeModel;
import io.millrace.engine.sampling.Sampler;
import io.millrace.engine.scheduler.Sequence;
import java.util.List;
import java.util.Random;

/** Proposes well, badly or against the rules, for an engine that runs a {@link FakeModel}. */
public final class TestProposer implements DraftProposer {

  /** What it proposes. */
  public enum Kind {
    /** What the model will draw. */
    RIGHT,
    /** Anything but that. */
    WRONG,
    /** Mostly what the model will draw. */
    MOSTLY_RIGHT,
    /** Any token, in the vocabulary or not. */
    ANYTHING,
    /** More tokens than it may, sometimes. */
    OVERLONG
  }

  private final Kind kind;
  private final Random random;
  private final Sampler sampler = new Sampler(FakeModel.VOCAB_SIZE);

  public TestProposer(Kind kind, Random random) {
    this.kind = kind;
    this.random = random;
  }

  @Override
  public void propose(List<Draft> drafts) {
    for (Draft draft : drafts) {
      boolean overlong = kind == Kind.OVERLONG && random.nextInt(10) == 0;
      int wanted =
          kind == Kind.RIGHT || kind == Kind.WRONG || overlong
              ? draft.tokensMax()
              : random.nextInt(draft.tokensMax() + 1);
      for (int i = 0; i < wanted; i++) {
        draft.add(token(draft));
      }
      if (overlong) {
        draft.add(0);
      }
    }
  }

  private int token(Draft draft) {
    int right = right(draft);
    int wrong = (right + 1 + random.nextInt(FakeModel.VOCAB_SIZE - 1)) % FakeModel.VOCAB_SIZE;
    return switch (kind) {
      case RIGHT -> right;
      case WRONG -> wrong;
      case MOSTLY_RIGHT, OVERLONG -> random.nextInt(5) > 0 ? right : wrong;
      case ANYTHING -> random.nextInt(-2, FakeModel.VOCAB_SIZE + 2);
    };
  }

  private int right(Draft draft) {
    int[] history = new int[draft.length()];
    for (int i = 0; i < history.length; i++) {
      history[i] = draft.token(i);
    }
    float[] logits = FakeModel.logits(history);
    return sampler.draw(logits, 0, draft.sequence().sampling(), draft, draft.outputLength());
  }

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
}
