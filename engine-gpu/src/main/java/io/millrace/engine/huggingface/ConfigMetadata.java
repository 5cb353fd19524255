package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufValue;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Turns {@code config.json} into the metadata that llama.cpp's converter writes. */
final class ConfigMetadata {
  private static final int DIM_MAX = 1 << 20;
  private static final int LAYERS_MAX = 1_024;
  private static final int HEADS_MAX = 4_096;
  private static final int VOCAB_MAX = 1 << 24;

  private final Family family;
  private final JsonFields config;
  private final String prefix;
  private final Map<String, GgufValue> values = new LinkedHashMap<>();

  private ConfigMetadata(Family family, JsonFields config) {
    this.family = family;
    this.config = config;
    this.prefix = family.ggufName() + ".";
  }

  /**
   * @return {@code general.architecture} and all keys of that architecture
   * @throws GgufFormatException if something is missing, out of range or not supported
   */
  static Map<String, GgufValue> of(Family family, JsonFields config, RopeConfig rope)
      throws GgufFormatException {
    ConfigMetadata metadata = new ConfigMetadata(family, config);
    metadata.requireSupported();
    metadata.dimensions();
    metadata.attention();
    rope.addTo(metadata.values, metadata.prefix);
    return metadata.values;
  }

  private void dimensions() throws GgufFormatException {
    values.put("general.architecture", GgufValue.ofString(family.ggufName()));
    put("block_count", layers());
    put("context_length", contextLength(family, config));
    put("embedding_length", config.requireInteger("hidden_size", 1, DIM_MAX));
    put("feed_forward_length", config.requireInteger("intermediate_size", 1, DIM_MAX));
    put("attention.head_count", heads(family, config));
    put("attention.head_count_kv", kvHeads(family, config));
    double epsilon = config.number("rms_norm_eps").orElse(family == Family.BITNET_2B ? 1e-5 : 1e-6);
    put("attention.layer_norm_rms_epsilon", GgufValue.ofFloat((float) epsilon));
    if (family == Family.BITNET_2B) {
      put("hidden_activation", GgufValue.ofString("relu2"));
    }
    if (config.has("head_dim") || family.gemma()) {
      put("attention.key_length", headDim(family, config));
      put("attention.value_length", headDim(family, config));
    }
    if (config.has("vocab_size") && (family == Family.LLAMA || family.ternary())) {
      put("vocab_size", config.requireInteger("vocab_size", 1, VOCAB_MAX));
    }
  }

  private void attention() throws GgufFormatException {
    if (family.gemma()) {
      cap("final_logit_softcapping", family == Family.GEMMA2 ? 30 : 0);
      cap("attn_logit_softcapping", family == Family.GEMMA2 ? 50 : 0);
      put("attention.sliding_window", window().orElse(4096));
      attentionScale();
    } else if (family == Family.PHI3) {
      put("attention.sliding_window", window().orElse(0));
    } else {
      // The converter leaves Mistral's window out; a model that was trained with one needs it.
      boolean used =
          config.bool("use_sliding_window").orElse(family == Family.LLAMA)
              && window().orElse(Integer.MAX_VALUE) < contextLength(family, config);
      if (used) {
        put("attention.sliding_window", window().getAsInt());
        if (family != Family.LLAMA && !config.has("layer_types")) {
          lastLayersLocal();
        }
      }
    }
    if (config.has("layer_types")) {
      localLayers(config.strings("layer_types"));
    } else if (family == Family.GEMMA3) {
      int period = config.integer("sliding_window_pattern", 1, LAYERS_MAX).orElse(6);
      if (period != 6) {
        put("attention.sliding_window_pattern", period);
      }
    }
  }

  private OptionalInt window() throws GgufFormatException {
    return config.integer("sliding_window", 1, 1 << 30);
  }

  /** The converter has no key for it as long as it is what llama.cpp takes it to be. */
  private void attentionScale() throws GgufFormatException {
    int headDim = headDim(family, config);
    double scalar = config.number("query_pre_attn_scalar").orElse(256);
    boolean largest = layers() == (family == Family.GEMMA2 ? 46 : 62);
    int perHead = config.requireInteger("hidden_size", 1, DIM_MAX) / heads(family, config);
    if (scalar != (largest ? perHead : headDim)) {
      config.require(scalar > 0, "query_pre_attn_scalar is " + scalar + ", must be above 0");
      put("attention.scale", GgufValue.ofFloat((float) (1 / Math.sqrt(scalar))));
    }
  }

  /** Qwen's rule: the first layers see all positions. */
  private void lastLayersLocal() throws GgufFormatException {
    boolean[] local = new boolean[layers()];
    int first = config.integer("max_window_layers", 0, LAYERS_MAX).orElse(28);
    Arrays.fill(local, Math.min(first, local.length), local.length, true);
    put("attention.sliding_window_pattern", GgufValue.ofBools(local));
  }

  /** Which layers have the window is said one by one where it is not the architecture's pattern. */
  private void localLayers(List<String> types) throws GgufFormatException {
    boolean[] local = new boolean[layers()];
    config.require(
        types.size() == local.length,
        "layer_types has " + types.size() + " entries for " + local.length + " layers");
    int period = family == Family.GEMMA2 ? 2 : family == Family.GEMMA3 ? 6 : 0;
    boolean usual = true;
    for (int i = 0; i < local.length; i++) {
      local[i] = types.get(i).equals("sliding_attention");
      config.require(
          local[i] || types.get(i).equals("full_attention"),
          "layer_types has " + GgufFormatException.quote(types.get(i)));
      usual &= local[i] == (period == 0 || i % period < period - 1);
    }
    if (!usual && values.containsKey(prefix + "attention.sliding_window")) {
      put("attention.sliding_window_pattern", GgufValue.ofBools(local));
    }
  }

  private void cap(String name, double otherwise) throws GgufFormatException {
    boolean none = config.node().path(name).isNull();
    double cap = none ? 0 : config.number(name).orElse(otherwise);
    config.require(cap >= 0, name + " is " + cap + ", must be 0 or more");
    if (cap > 0 || none) {
      put(name, GgufValue.ofFloat((float) cap));
    }
  }

  private void requireSupported() throws GgufFormatException {
    for (String name : List.of("hidden_act", "hidden_activation")) {
      Optional<String> activation = config.string(name);
      // Gemma's first files say gelu and mean this.
      boolean fits =
          activation.isEmpty()
              || activation.get().equals(family.activation())
              || (family.gemma() && activation.get().startsWith("gelu"));
      config.require(
          fits,
          name
              + " is "
              + GgufFormatException.quote(activation.orElse(""))
              + "; this architecture computes "
              + family.activation());
    }
    config.require(
        config.integer("num_local_experts", 0, 1 << 20).orElse(0) == 0,
        "the model is a mixture of experts, which is not supported");
  }

  private int layers() throws GgufFormatException {
    return config.requireInteger("num_hidden_layers", 1, LAYERS_MAX);
  }

  static int contextLength(Family family, JsonFields config) throws GgufFormatException {
    return config
        .integer("max_position_embeddings", 1, Integer.MAX_VALUE)
        .orElse(family.contextLengthDefault());
  }

  /** Gemma 3's published folders leave out what transformers takes for granted. */
  static int heads(Family family, JsonFields config) throws GgufFormatException {
    return family.gemma() && !config.has("num_attention_heads")
        ? 8
        : config.requireInteger("num_attention_heads", 1, HEADS_MAX);
  }

  static int kvHeads(Family family, JsonFields config) throws GgufFormatException {
    return config
        .integer("num_key_value_heads", 1, HEADS_MAX)
        .orElse(family.gemma() ? 4 : heads(family, config));
  }

  static int headDim(Family family, JsonFields config) throws GgufFormatException {
    int implied =
        family.gemma()
            ? 256
            : Math.max(1, config.requireInteger("hidden_size", 1, DIM_MAX) / heads(family, config));
    return config.integer("head_dim", 1, DIM_MAX).orElse(implied);
  }

  private void put(String key, int value) {
    put(key, GgufValue.ofUint32(value));
  }

  private void put(String key, GgufValue value) {
    values.put(prefix + key, value);
  }
}
