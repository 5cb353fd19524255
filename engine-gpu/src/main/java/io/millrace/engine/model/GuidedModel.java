package io.millrace.engine.model;

import java.util.Arrays;

/**
 * A model whose logits are looked at as they are computed, and whose greedy choice can be decided
 * by who looks at them: what is known as teacher forcing. For the comparison of logits with those
 * of another program, where both must go on with the same tokens.
 *
 * <p>For one sequence at temperature 0, one row of logits a step.
 */
public final class GuidedModel implements LanguageModel {

  /** Looks at a step's logits. */
  @FunctionalInterface
  public interface Guide {

    /**
     * @param logits {@code [vocabSize]} and perhaps more after it, to be read during the call only
     * @return the token to go on with
     */
    int next(float[] logits);
  }

  private final LanguageModel model;
  private final Guide guide;

  /**
   * @param model closed together with this
   */
  public GuidedModel(LanguageModel model, Guide guide) {
    this.model = model;
    this.guide = guide;
  }

  @Override
  public float[] forward(ForwardBatch batch) {
    if (batch.logitsRows().length > 1) {
      throw new IllegalArgumentException("only one sequence without drafts can be guided");
    }
    float[] logits = model.forward(batch);
    if (batch.logitsRows().length == 1) {
      int next = guide.next(logits);
      Arrays.fill(logits, 0, vocabSize(), 0f);
      logits[next] = 1f;
    }
    return logits;
  }

  @Override
  public int vocabSize() {
    return model.vocabSize();
  }

  @Override
  public int contextLength() {
    return model.contextLength();
  }

  @Override
  public int kvBlocks() {
    return model.kvBlocks();
  }

  @Override
  public int blockTokens() {
    return model.blockTokens();
  }

  @Override
  public void close() {
    model.close();
  }
}
