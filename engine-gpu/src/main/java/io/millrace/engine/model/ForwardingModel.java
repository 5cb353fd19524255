package io.millrace.engine.model;

/**
 * A model that is another one; subclasses add what differs. It draws no tokens, even where the
 * other does: so subclasses see all logits in {@link #forward}.
 */
public class ForwardingModel implements LanguageModel {
  private final LanguageModel model;

  /**
   * @param model closed together with this
   */
  public ForwardingModel(LanguageModel model) {
    this.model = model;
  }

  @Override
  public float[] forward(ForwardBatch batch) {
    return model.forward(batch);
  }

  @Override
  public final int vocabSize() {
    return model.vocabSize();
  }

  @Override
  public final int contextLength() {
    return model.contextLength();
  }

  @Override
  public final int kvBlocks() {
    return model.kvBlocks();
  }

  @Override
  public final int blockTokens() {
    return model.blockTokens();
  }

  @Override
  public void close() {
    model.close();
  }
}
