package io.millrace.engine.model;

import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufMetadata;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;

/**
 * The dimensions and constants of a model.
 *
 * @param architecture the family of models
 * @param vocabSize tokens in the vocabulary
 * @param contextLength most positions of a sequence the model was made for
 * @param dim width of the residual stream
 * @param layers transformer blocks
 * @param heads query heads
 * @param kvHeads key and value heads; a divisor of {@code heads}
 * @param headDim width of one head
 * @param ffnDim width of the feed-forward network
 * @param rmsEpsilon added to the mean square under RMSNorm's root
 * @param ropeDim leading elements of a head that turn with the position; even
 * @param ropeBase angle of pair i at position 1 is base ^ (-2i / ropeDim), radians
 * @param ropeFactor positions are divided by it (linear scaling); 1 for none
 */
public record ModelConfig(
    Architecture architecture,
    int vocabSize,
    int contextLength,
    int dim,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int ffnDim,
    float rmsEpsilon,
    int ropeDim,
    double ropeBase,
    double ropeFactor) {

  private static final int LAYERS_MAX = 1_024;
  private static final int HEADS_MAX = 4_096;
  private static final int DIM_MAX = 1 << 20;
  private static final int VOCAB_MAX = 1 << 24;

  /**
   * Reads the configuration from a model's metadata.
   *
   * @throws GgufFormatException if the architecture is not known, a value is missing or out of
   *     range, or the model needs something the engine does not have
   */
  public static ModelConfig of(ModelSource source) throws GgufFormatException {
    GgufMetadata metadata = source.metadata();
    String name = metadata.requireString("general.architecture");
    Architecture architecture =
        Architecture.byName(name)
            .orElseThrow(
                () ->
                    new GgufFormatException(
                        metadata.source()
                            + ": architecture "
                            + GgufFormatException.quote(name)
                            + " is not supported; known: "
                            + Architecture.knownNames()));
    Keys keys = new Keys(metadata, name + ".");
    int dim = keys.integer("embedding_length", DIM_MAX);
    int heads = keys.integer("attention.head_count", HEADS_MAX);
    int kvHeads = keys.integer("attention.head_count_kv", HEADS_MAX, heads);
    keys.require(heads % kvHeads == 0, "attention.head_count is no multiple of head_count_kv");
    int headDim = keys.integer("attention.key_length", DIM_MAX, Math.max(1, dim / heads));
    int valueDim = keys.integer("attention.value_length", DIM_MAX, headDim);
    keys.require(valueDim == headDim, "attention.value_length differs from the keys'");
    int ropeDim = keys.integer("rope.dimension_count", headDim, headDim);
    keys.require(ropeDim % 2 == 0, "rope.dimension_count is odd");
    keys.require(
        metadata.integer(name + ".expert_count").orElse(0) == 0,
        "the model is a mixture of experts, which is not supported");
    return new ModelConfig(
        architecture,
        vocabSize(source, keys),
        keys.integer("context_length", Integer.MAX_VALUE),
        dim,
        keys.integer("block_count", LAYERS_MAX),
        heads,
        kvHeads,
        headDim,
        keys.integer("feed_forward_length", DIM_MAX),
        (float) keys.number("attention.layer_norm_rms_epsilon", 0, 1, 1e-5),
        ropeDim,
        keys.number("rope.freq_base", 1, 1e12, 10_000),
        ropeFactor(keys));
  }

  /** The rows of the embeddings, which metadata need not repeat. */
  private static int vocabSize(ModelSource source, Keys keys) throws GgufFormatException {
    TensorInfo embeddings =
        source
            .tensor(Weights.TOKEN_EMBEDDINGS)
            .orElseThrow(() -> keys.error("there is no tensor " + Weights.TOKEN_EMBEDDINGS));
    keys.require(
        embeddings.rows() <= VOCAB_MAX, "the vocabulary has more than " + VOCAB_MAX + " tokens");
    int vocabSize = (int) embeddings.rows();
    keys.require(
        keys.integer("vocab_size", VOCAB_MAX, vocabSize) == vocabSize,
        "vocab_size differs from the rows of " + Weights.TOKEN_EMBEDDINGS);
    return vocabSize;
  }

  private static double ropeFactor(Keys keys) throws GgufFormatException {
    String scaling = keys.string("rope.scaling.type", "none");
    return switch (scaling) {
      case "none" -> keys.number("rope.scale_linear", 0, 1e6, 1); // before there were types
      case "linear" -> keys.number("rope.scaling.factor", 0, 1e6, 1);
      default ->
          throw keys.error(
              "rope.scaling.type "
                  + GgufFormatException.quote(scaling)
                  + " is not supported; known: none, linear");
    };
  }

  /** Width of all query heads together. */
  public int queryDim() {
    return heads * headDim;
  }

  /** Width of all key heads, or all value heads, together. */
  public int kvDim() {
    return kvHeads * headDim;
  }

  /** One architecture's metadata. */
  private record Keys(GgufMetadata metadata, String prefix) {

    int integer(String key, int max) throws GgufFormatException {
      return metadata.requireInt(prefix + key, 1, max);
    }

    int integer(String key, int max, int otherwise) throws GgufFormatException {
      return metadata.contains(prefix + key) ? integer(key, max) : otherwise;
    }

    /** A number greater than {@code above}, {@code max} at most. */
    double number(String key, double above, double max, double otherwise)
        throws GgufFormatException {
      double value = metadata.number(prefix + key).orElse(otherwise);
      require(
          value > above && value <= max,
          key + " is " + value + ", must be above " + above + " and at most " + max);
      return value;
    }

    String string(String key, String otherwise) throws GgufFormatException {
      return metadata.string(prefix + key).orElse(otherwise);
    }

    void require(boolean ok, String problem) throws GgufFormatException {
      if (!ok) {
        throw error(problem);
      }
    }

    GgufFormatException error(String problem) {
      return new GgufFormatException(metadata.source() + ": " + problem);
    }
  }
}
