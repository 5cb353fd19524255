package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufValue;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Rotary positions: base, width and scaling. Scalings that GGUF says in metadata become keys; those
 * that it says in tensors (Llama 3's, longrope's) become tensors of factors.
 *
 * @param metadata keys without the architecture's prefix
 * @param factors tensors by name, float32
 */
record RopeConfig(Map<String, GgufValue> metadata, Map<String, float[]> factors) {
  private static final int FACTORS_MAX = 1 << 16;

  /**
   * @throws GgufFormatException if the scaling is not known or lacks something
   */
  static RopeConfig of(Family family, JsonFields config) throws GgufFormatException {
    RopeConfig rope = new RopeConfig(new LinkedHashMap<>(), new LinkedHashMap<>());
    JsonFields scaling = scaling(config);
    double base =
        scaling
            .number("rope_theta")
            .orElse(
                config
                    .number("rope_theta")
                    .orElse(
                        family == Family.GEMMA3
                            ? 1e6
                            : family == Family.BITNET_2B ? 500_000 : 10_000));
    rope.put("freq_base", (float) base);
    if (family == Family.GEMMA3) {
      localBase(config).ifPresent(local -> rope.put("freq_base_swa", (float) local));
    }
    int headDim = ConfigMetadata.headDim(family, config);
    int width = (int) (config.number("partial_rotary_factor").orElse(1) * headDim);
    config.require(
        width == headDim || family == Family.PHI3, "partial_rotary_factor is not supported here");
    if (family == Family.LLAMA || family == Family.PHI3 || family.ternary()) {
      rope.metadata.put("rope.dimension_count", GgufValue.ofUint32(width));
    }
    rope.scale(family, config, scaling, base, width);
    return rope;
  }

  /** {@code rope_scaling}, or what transformers 5 calls {@code rope_parameters}. */
  private static JsonFields scaling(JsonFields config) throws GgufFormatException {
    JsonFields empty = new JsonFields(config.file(), config.node().path("rope_scaling"));
    if (config.has("rope_parameters")) {
      JsonFields parameters = config.object("rope_parameters").orElse(empty);
      return parameters.object("full_attention").orElse(parameters);
    }
    return config.object("rope_scaling").orElse(empty);
  }

  private static OptionalDouble localBase(JsonFields config) throws GgufFormatException {
    if (config.has("rope_parameters")) {
      JsonFields parameters = config.object("rope_parameters").orElse(config);
      if (parameters.has("sliding_attention")) {
        return parameters.object("sliding_attention").orElse(config).number("rope_theta");
      }
    }
    return config.number("rope_local_base_freq");
  }

  private void scale(Family family, JsonFields config, JsonFields scaling, double base, int width)
      throws GgufFormatException {
    String type = scaling.string("rope_type").or(() -> type(scaling)).orElse("default");
    switch (type) {
      case "default" -> {}
      case "linear" -> {
        metadata.put("rope.scaling.type", GgufValue.ofString("linear"));
        put("scaling.factor", (float) scaling.requireNumber("factor"));
      }
      case "yarn" -> yarn(family, config, scaling);
      case "llama3" -> factors.put("rope_freqs.weight", llama3Factors(scaling, base, width));
      case "longrope", "su" -> {
        config.require(family == Family.PHI3, "rope scaling " + type + " is not supported here");
        longRope(family, config, scaling, width);
      }
      default ->
          throw config.error(
              "rope scaling "
                  + GgufFormatException.quote(type)
                  + " is not supported; known are linear, yarn, llama3, longrope");
    }
    if (family.ternary() && metadata.get("rope.scaling.type") == null) {
      metadata.put("rope.scaling.type", GgufValue.ofString("linear"));
      put("scaling.factor", 1);
    }
    if (family == Family.PHI3) {
      metadata.put(
          "rope.scaling.original_context_length",
          GgufValue.ofUint32(originalContext(family, config, scaling)));
    }
  }

  private static Optional<String> type(JsonFields scaling) {
    return scaling.node().path("type").isTextual()
        ? Optional.of(scaling.node().get("type").textValue())
        : Optional.empty();
  }

  private void yarn(Family family, JsonFields config, JsonFields scaling)
      throws GgufFormatException {
    metadata.put("rope.scaling.type", GgufValue.ofString("yarn"));
    put("scaling.factor", (float) scaling.requireNumber("factor"));
    metadata.put(
        "rope.scaling.original_context_length",
        GgufValue.ofUint32(originalContext(family, config, scaling)));
    for (String name : new String[] {"beta_fast", "beta_slow"}) {
      if (scaling.has(name)) {
        put("scaling.yarn_" + name, (float) scaling.requireNumber(name));
      }
    }
    config.require(
        !scaling.has("attention_factor") && !scaling.has("mscale"),
        "yarn scaling with attention_factor or mscale is not supported");
  }

  private static int originalContext(Family family, JsonFields config, JsonFields scaling)
      throws GgufFormatException {
    int context = ConfigMetadata.contextLength(family, config);
    String name = "original_max_position_embeddings";
    return scaling
        .integer(name, 1, Integer.MAX_VALUE)
        .orElse(config.integer(name, 1, Integer.MAX_VALUE).orElse(context));
  }

  /**
   * Long waves are slowed down, short ones are not, those between in part (Llama 3.1): what each
   * frequency is divided by.
   */
  private static float[] llama3Factors(JsonFields scaling, double base, int width)
      throws GgufFormatException {
    double factor = scaling.requireNumber("factor");
    double low = scaling.number("low_freq_factor").orElse(1);
    double high = scaling.number("high_freq_factor").orElse(4);
    double context = scaling.number("original_max_position_embeddings").orElse(8192);
    scaling.require(
        factor > 0 && low > 0 && high > low && context > 0,
        "the rope scaling llama3 is impossible");
    float[] factors = new float[width / 2];
    for (int i = 0; i < factors.length; i++) {
      double frequency = 1 / (float) Math.pow(base, 2.0 * i / width);
      double wave = 2 * Math.PI / (float) frequency;
      double turns = context / wave; // in the original context
      double smooth = (turns - low) / (high - low);
      factors[i] =
          turns > high
              ? 1
              : turns < low ? (float) factor : (float) (1 / ((1 - smooth) / factor + smooth));
    }
    return factors;
  }

  /** Factors for short and for long contexts, and one of the attention's scores. */
  private void longRope(Family family, JsonFields config, JsonFields scaling, int width)
      throws GgufFormatException {
    double original = originalContext(family, config, scaling);
    double scale = ConfigMetadata.contextLength(family, config) / original;
    put(
        "scaling.attn_factor",
        (float) (scale > 1 ? Math.sqrt(1 + Math.log(scale) / Math.log(original)) : 1));
    for (String length : new String[] {"long", "short"}) {
      float[] values = scaling.requireNumbers(length + "_factor", FACTORS_MAX);
      config.require(
          values.length == width / 2,
          length + "_factor has " + values.length + " numbers, must have " + width / 2);
      factors.put("rope_factors_" + length + ".weight", values);
    }
  }

  private void put(String key, float value) {
    metadata.put("rope." + key, GgufValue.ofFloat(value));
  }

  void addTo(Map<String, GgufValue> values, String prefix) {
    metadata.forEach((key, value) -> values.put(prefix + key, value));
  }
}
