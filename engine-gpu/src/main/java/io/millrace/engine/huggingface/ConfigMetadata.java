package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Turns {@code config.json} into the metadata that llama.cpp's converter writes. */
final class ConfigMetadata {
  private static final int DIM_MAX = 1 << 20;
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
    put("block_count", config.requireInteger("num_hidden_layers", 1, 1_024));
    put("context_length", contextLength(family, config));
    put("embedding_length", config.requireInteger("hidden_size", 1, DIM_MAX));
    put("feed_forward_length", config.requireInteger("intermediate_size", 1, DIM_MAX));
    put("attention.head_count", heads(config));
    put(
        "attention.head_count_kv",
        config
            .integer("num_key_value_heads", 1, HEADS_MAX)
            .orElse(family == Family.GEMMA3 || family == Family.GEMMA2 ? 4 : heads(config)));
    double epsilon = config.number("rms_norm_eps").orElse(family == Family.BITNET_2B ? 1e-5 : 1e-6);
    put("attention.layer_norm_rms_epsilon", GgufValue.ofFloat((float) epsilon));
    if (config.has("head_dim") || family.gemma()) {
      put("attention.key_length", headDim(family, config));
      put("attention.value_length", headDim(family, config));
    }
    if (config.has("vocab_size") && (family == Family.LLAMA || family.ternary())) {
      put("vocab_size", config.requireInteger("vocab_size", 1, VOCAB_MAX));
    }
  }

  private void attention() throws GgufFormatException {
    switch (family) {
      case GEMMA2 -> {
        cap("attn_logit_softcapping", 50);
        cap("final_logit_softcapping", 30);
        put("attention.sliding_window", config.integer("sliding_window", 1, 1 << 30).orElse(4096));
        attentionScale();
      }
      case GEMMA3 -> {
        if (config.has("final_logit_softcapping")) {
          cap("final_logit_softcapping", 0);
        }
        put("attention.sliding_window", config.integer("sliding_window", 1, 1 << 30).orElse(4096));
        attentionScale();
      }
      case PHI3 ->
          put("attention.sliding_window", config.integer("sliding_window", 1, 1 << 30).orElse(0));
      default -> {
        // The converter leaves Mistral's window out; a model that was trained with one needs it.
        int window = config.integer("sliding_window", 1, 1 << 30).orElse(0);
        boolean used =
            config.bool("use_sliding_window").orElse(family == Family.LLAMA)
                && window > 0
                && window < contextLength(family, config);
        config.require(
            !used || family == Family.LLAMA, "use_sliding_window is true, which is not supported");
        if (used) {
          put("attention.sliding_window", window);
        }
      }
    }
  }

  /** GGUF has no key for it as long as it is what llama.cpp takes it to be. */
  private void attentionScale() throws GgufFormatException {
    int headDim = headDim(family, config);
    double scalar = config.number("query_pre_attn_scalar").orElse(headDim);
    int perHead = config.requireInteger("hidden_size", 1, DIM_MAX) / heads(config);
    boolean largest =
        config.requireInteger("num_hidden_layers", 1, 1_024) == (family == Family.GEMMA2 ? 46 : 62);
    config.require(
        scalar == (largest ? perHead : headDim),
        "query_pre_attn_scalar is " + scalar + ", which GGUF has no place for");
  }

  private void cap(String name, double otherwise) throws GgufFormatException {
    double cap = config.number(name).orElse(otherwise);
    config.require(cap > 0, name + " is " + cap + ", must be above 0");
    put(name, GgufValue.ofFloat((float) cap));
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
    if (config.has("layer_types")) {
      windows(config.strings("layer_types"));
    } else if (family == Family.GEMMA3) {
      config.require(
          config.integer("sliding_window_pattern", 1, 1_024).orElse(6) == 6,
          "sliding_window_pattern must be 6");
    }
  }

  /** Which layers look back all the way is a property of the architecture in GGUF files. */
  private void windows(List<String> types) throws GgufFormatException {
    int period =
        switch (family) {
          case GEMMA2 -> 2;
          case GEMMA3 -> 6;
          default -> 1;
        };
    for (int i = 0; i < types.size(); i++) {
      boolean full = types.get(i).equals("full_attention");
      boolean uniform = period == 1 && (full || family == Family.LLAMA || family == Family.PHI3);
      config.require(
          uniform || (period > 1 && full == (i % period == period - 1)),
          "layer_types has "
              + GgufFormatException.quote(types.get(i))
              + " at layer "
              + i
              + ", which this architecture has not in GGUF");
    }
  }

  static int contextLength(Family family, JsonFields config) throws GgufFormatException {
    return config
        .integer("max_position_embeddings", 1, Integer.MAX_VALUE)
        .orElse(family.contextLengthDefault());
  }

  static int heads(JsonFields config) throws GgufFormatException {
    return config.requireInteger("num_attention_heads", 1, HEADS_MAX);
  }

  static int kvHeads(JsonFields config) throws GgufFormatException {
    return config.integer("num_key_value_heads", 1, HEADS_MAX).orElse(heads(config));
  }

  static int headDim(Family family, JsonFields config) throws GgufFormatException {
    int implied =
        family.gemma()
            ? 256
            : Math.max(1, config.requireInteger("hidden_size", 1, DIM_MAX) / heads(config));
    return config.integer("head_dim", 1, DIM_MAX).orElse(implied);
  }

  private void put(String key, int value) {
    put(key, GgufValue.ofUint32(value));
  }

  private void put(String key, GgufValue value) {
    values.put(prefix + key, value);
  }
}
