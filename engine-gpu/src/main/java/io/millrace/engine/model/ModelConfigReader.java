package io.millrace.engine.model;

import io.millrace.engine.backend.Activation;
import io.millrace.engine.backend.AttentionSpec;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufMetadata;
import io.millrace.engine.gguf.GgufValue;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import io.millrace.engine.model.Architecture.Trait;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Reads a {@link ModelConfig}: the keys that GGUF files have, their defaults and their bounds. */
final class ModelConfigReader {
  private static final int LAYERS_MAX = 1_024;
  private static final int HEADS_MAX = 4_096;
  private static final int DIM_MAX = 1 << 20;
  private static final int VOCAB_MAX = 1 << 24;

  private final ModelSource source;
  private final Architecture architecture;
  private final MetadataKeys keys;

  ModelConfigReader(ModelSource source) throws GgufFormatException {
    GgufMetadata metadata = source.metadata();
    String name = metadata.requireString("general.architecture");
    this.source = source;
    this.keys = new MetadataKeys(metadata, name + ".");
    this.architecture =
        Architecture.byName(name)
            .orElseThrow(() -> keys.unknown("architecture", name, Architecture.knownNames()));
  }

  ModelConfig read() throws GgufFormatException {
    int context = keys.integer("context_length", Integer.MAX_VALUE);
    int dim = keys.integer("embedding_length", DIM_MAX);
    int heads = keys.integer("attention.head_count", HEADS_MAX);
    int kvHeads = keys.integer("attention.head_count_kv", HEADS_MAX, heads);
    keys.require(heads % kvHeads == 0, "attention.head_count is no multiple of head_count_kv");
    int headDim = keys.integer("attention.key_length", DIM_MAX, Math.max(1, dim / heads));
    int valueDim = keys.integer("attention.value_length", DIM_MAX, headDim);
    keys.require(valueDim == headDim, "attention.value_length differs from the keys'");
    keys.require((long) heads * headDim <= DIM_MAX, "the heads together are wider than " + DIM_MAX);
    keys.require(
        keys.metadata().integer(keys.prefix() + "expert_count").orElse(0) == 0,
        "the model is a mixture of experts, which is not supported");
    RopeConfig rope = RopeConfig.read(keys, headDim, context);
    Architecture.Defaults defaults = architecture.defaults();
    return new ModelConfig(
        architecture,
        vocabSize(),
        context,
        dim,
        heads,
        kvHeads,
        headDim,
        keys.integer("feed_forward_length", DIM_MAX),
        (float) keys.number("attention.layer_norm_rms_epsilon", 0, 1, 1e-5),
        activation(),
        architecture.has(Trait.SCALED_EMBEDDINGS) ? (float) Math.sqrt(dim) : 1f,
        (float) keys.amount("final_logit_softcapping", 1e6, defaults.logitSoftCap()),
        rope,
        RopeConfig.readLocal(keys, rope, defaults.localRopeBase()),
        attention(dim, heads, headDim));
  }

  /** The rows of the embeddings, which metadata need not repeat. */
  private int vocabSize() throws GgufFormatException {
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

  private Activation activation() throws GgufFormatException {
    String name = keys.string("hidden_activation", "");
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "" -> architecture.activation();
      case "silu", "swish", "swiglu" -> Activation.SILU;
      case "gelu_tanh", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
      case "relu2", "relu_squared", "relu_sqr" -> Activation.RELU_SQUARED;
      default -> throw keys.unknown("hidden_activation", name, "silu, gelu_pytorch_tanh, relu2");
    };
  }

  private List<AttentionSpec> attention(int dim, int heads, int headDim)
      throws GgufFormatException {
    int layers = keys.integer("block_count", LAYERS_MAX);
    boolean wide = layers == architecture.defaults().wideLayers();
    double scale = 1 / Math.sqrt(wide ? (double) dim / heads : headDim);
    if (keys.has("attention.scale")) {
      scale = keys.number("attention.scale", 0, 1e3, scale);
    }
    float softCap =
        (float)
            keys.amount("attn_logit_softcapping", 1e6, architecture.defaults().attentionSoftCap());
    int window =
        keys.count("attention.sliding_window", Integer.MAX_VALUE, architecture.defaults().window());
    boolean[] local = localLayers(layers);
    List<AttentionSpec> attention = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      attention.add(new AttentionSpec((float) scale, softCap, local[layer] ? window : 0));
    }
    return attention;
  }

  /** Which layers have the window, if there is one: all said one by one, or by their period. */
  private boolean[] localLayers(int layers) throws GgufFormatException {
    String key = "attention.sliding_window_pattern";
    GgufValue pattern = keys.metadata().values().get(keys.prefix() + key);
    if (pattern != null && pattern.value() instanceof boolean[] each) {
      keys.require(each.length == layers, key + " has " + each.length + " values");
      return each.clone();
    }
    int period = keys.count(key, LAYERS_MAX, architecture.defaults().localPeriod());
    boolean[] local = new boolean[layers];
    for (int layer = 0; layer < layers; layer++) {
      local[layer] = period == 0 || layer % period < period - 1;
    }
    return local;
  }
}
