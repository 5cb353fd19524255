package io.millrace.engine.convert;

/**
 * The dimensions of a model to be made.
 *
 * @param dim width of the residual stream
 * @param layers transformer blocks
 * @param heads query heads
 * @param kvHeads key and value heads; a divisor of {@code heads}
 * @param headDim width of one head; even
 * @param ffnDim width of the feed-forward network
 * @param vocabSize tokens in the vocabulary
 * @param contextLength most positions of a sequence
 * @param tied whether the token embeddings are the output matrix, too
 */
public record ModelShape(
    int dim,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int ffnDim,
    int vocabSize,
    int contextLength,
    boolean tied) {

  private static final int WIDTH_MAX = 1 << 20;
  private static final int LAYERS_MAX = 1_024;
  private static final int HEADS_MAX = 4_096;

  /**
   * @throws IllegalArgumentException with one line that says which dimension is impossible
   */
  public ModelShape {
    check("dim", dim, 1, WIDTH_MAX);
    check("layers", layers, 1, LAYERS_MAX);
    check("heads", heads, 1, HEADS_MAX);
    check("kv-heads", kvHeads, 1, heads);
    check("head-dim", headDim, 2, WIDTH_MAX);
    check("heads x head-dim", (long) heads * headDim, 2, WIDTH_MAX);
    check("ffn", ffnDim, 1, WIDTH_MAX);
    check("vocab", vocabSize, SyntheticVocabulary.SIZE_MIN, SyntheticVocabulary.SIZE_MAX);
    check("context", contextLength, 1, Integer.MAX_VALUE);
    if (heads % kvHeads != 0) {
      throw new IllegalArgumentException("heads is " + heads + ", no multiple of kv-heads");
    }
    if (headDim % 2 != 0) {
      throw new IllegalArgumentException("head-dim is " + headDim + ", must be even");
    }
  }

  private static void check(String name, long value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(name + " is " + value + ", must be " + min + " to " + max);
    }
  }
}
