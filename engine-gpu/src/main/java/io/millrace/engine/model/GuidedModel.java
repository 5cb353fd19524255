package io.millrace.engine.model;

import java.util.Arrays;

/**
 * A model whose logits are looked at as they are computed, and whose greedy choice can be decided
 * by who looks at them: what is known as teacher forcing. For the comparison of logits with those
 * of another program, where both must go on with the same tokens.
 *
 * <p>For one sequence at temperature 0, one row of logits a step.
 */
public final class GuidedModel extends ForwardingModel {

  /** Looks at a step's logits. */
  @FunctionalInterface
  public interface Guide {

    /**
     * @param logits {@code [vocabSize]} and perhaps more after it, to be read during the call only
     * @return the token to go on with
     */
    int next(float[] logits);
  }

  private final Guide guide;

  /**
   * @param model closed together with this
   */
  public GuidedModel(LanguageModel model, Guide guide) {
    super(model);
    this.guide = guide;
  }

  @Override
  public float[] forward(ForwardBatch batch) {
    if (batch.logitsRows().length > 1) {
      throw new IllegalArgumentException("only one sequence without drafts can be guided");
    }
    float[] logits = super.forward(batch);
    if (batch.logitsRows().length == 1) {
      int next = guide.next(logits);
      Arrays.fill(logits, 0, vocabSize(), 0f);
      logits[next] = 1f;
    }
    return logits;
  }
}
