package io.millrace.engine.model;

import io.millrace.engine.backend.Activation;
import io.millrace.engine.backend.AttentionSpec;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.ModelSource;
import java.util.List;

/**
 * The dimensions and constants of a model.
 *
 * @param architecture the family of models
 * @param vocabSize tokens in the vocabulary
 * @param contextLength most positions of a sequence the model was made for
 * @param dim width of the residual stream
 * @param heads query heads
 * @param kvHeads key and value heads; a divisor of {@code heads}
 * @param headDim width of one head
 * @param ffnDim width of the feed-forward network
 * @param rmsEpsilon added to the mean square under RMSNorm's root
 * @param activation of the feed-forward network's gate
 * @param embeddingScale factor of the embeddings
 * @param logitSoftCap logits x become {@code cap * tanh(x / cap)}; 0 for none
 * @param rope rotation of the layers that see all positions
 * @param localRope rotation of the layers that see a window
 * @param attention how each transformer block attends; one for each
 */
public record ModelConfig(
    Architecture architecture,
    int vocabSize,
    int contextLength,
    int dim,
    int heads,
    int kvHeads,
    int headDim,
    int ffnDim,
    float rmsEpsilon,
    Activation activation,
    float embeddingScale,
    float logitSoftCap,
    RopeConfig rope,
    RopeConfig localRope,
    List<AttentionSpec> attention) {

  public ModelConfig {
    attention = List.copyOf(attention);
  }

  /**
   * Reads the configuration from a model's metadata.
   *
   * @throws GgufFormatException if the architecture is not known, a value is missing or out of
   *     range, or the model needs something the engine does not have
   */
  public static ModelConfig of(ModelSource source) throws GgufFormatException {
    return new ModelConfigReader(source).read();
  }

  /** Transformer blocks. */
  public int layers() {
    return attention.size();
  }

  /** Whether a layer sees a window of positions and not all. */
  public boolean local(int layer) {
    return attention.get(layer).window() > 0;
  }

  /** Width of all query heads together. */
  public int queryDim() {
    return heads * headDim;
  }

  /** Width of all key heads, or all value heads, together. */
  public int kvDim() {
    return kvHeads * headDim;
  }
}
