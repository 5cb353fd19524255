package io.millrace.engine.model;

import io.millrace.engine.gguf.GgufFormatException;

/**
 * How rotary position embeddings turn: pair i of a head by {@code position x frequency i}.
 *
 * @param dim leading elements of a head that turn; even
 * @param base frequency i is base ^ (-2i / dim) before scaling, radians per position
 * @param factor frequencies are divided by it; 1 for none
 * @param originalContext positions the model was trained on before its context was extended
 * @param yarn which frequencies are left as they were; null for none
 * @param magnitude what the rotation multiplies queries and keys by
 */
public record RopeConfig(
    int dim, double base, double factor, int originalContext, Yarn yarn, double magnitude) {

  /**
   * YaRN: pairs that turn often within the original context keep their frequency, those that hardly
   * turn are divided by the factor, and those between are mixed.
   *
   * @param mix how much of the original frequency is kept where it is kept, 0 to 1
   * @param betaFast turns in the original context from which a pair counts as fast
   * @param betaSlow turns up to which it counts as slow
   */
  public record Yarn(double mix, double betaFast, double betaSlow) {}

  private static final double BASE_MAX = 1e12;
  private static final double FACTOR_MAX = 1e6;

  /** No scaling at all. */
  public static RopeConfig plain(int dim, double base, int context) {
    return new RopeConfig(dim, base, 1, context, null, 1);
  }

  /** The rotation of layers that see all positions. */
  static RopeConfig read(MetadataKeys keys, int headDim, int context) throws GgufFormatException {
    int dim = keys.integer("rope.dimension_count", headDim, headDim);
    keys.require(dim % 2 == 0, "rope.dimension_count is odd");
    double base = keys.number("rope.freq_base", 1, BASE_MAX, 10_000);
    int original = keys.integer("rope.scaling.original_context_length", Integer.MAX_VALUE, context);
    // Linear is what files meant that named no type.
    String type = keys.string("rope.scaling.type", "linear");
    double factor = type.equals("none") ? 1 : factor(keys);
    double magnitude = keys.number("rope.scaling.attn_factor", 0, 100, 1);
    return switch (type) {
      case "none", "linear", "longrope" ->
          new RopeConfig(dim, base, factor, original, null, magnitude);
      case "yarn" ->
          new RopeConfig(
              dim, base, factor, original, yarn(keys), magnitude * yarnMagnitude(keys, factor));
      default -> throw keys.unknown("rope.scaling.type", type, "none, linear, yarn, longrope");
    };
  }

  /** The rotation of layers that see a window: never extended, for a window is short. */
  static RopeConfig readLocal(MetadataKeys keys, RopeConfig full, double base)
      throws GgufFormatException {
    if (base == 0 && !keys.has("rope.freq_base_swa")) {
      return full;
    }
    return plain(
        full.dim, keys.number("rope.freq_base_swa", 1, BASE_MAX, base), full.originalContext);
  }

  private static double factor(MetadataKeys keys) throws GgufFormatException {
    String key = keys.has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear";
    double factor = keys.amount(key, FACTOR_MAX, 1);
    return factor == 0 ? 1 : factor; // 0 stands for none, too
  }

  private static Yarn yarn(MetadataKeys keys) throws GgufFormatException {
    double fast = keys.number("rope.scaling.yarn_beta_fast", 0, 1e4, 32);
    double slow = keys.number("rope.scaling.yarn_beta_slow", 0, 1e4, 1);
    keys.require(fast > slow, "rope.scaling.yarn_beta_fast is not above yarn_beta_slow");
    return new Yarn(keys.amount("rope.scaling.yarn_ext_factor", 1, 1), fast, slow);
  }

  private static double yarnMagnitude(MetadataKeys keys, double factor) throws GgufFormatException {
    keys.require(
        keys.amount("rope.scaling.yarn_log_multiplier", 100, 0) == 0,
        "rope.scaling.yarn_log_multiplier is not supported");
    double given = keys.number("rope.scaling.yarn_attn_factor", 0, 100, 1);
    return given * (factor > 1 ? 1 + 0.1 * Math.log(factor) : 1);
  }

  /**
   * The frequencies of all pairs.
   *
   * @param factors what the file divides each by, or null
   * @return {@code [dim / 2]}, radians per position
   */
  float[] frequencies(float[] factors) {
    float[] frequencies = new float[dim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      double original = Math.pow(base, -2.0 * i / dim) / (factors == null ? 1 : factors[i]);
      double kept = yarn == null ? 0 : kept(i);
      frequencies[i] = (float) (original / factor * (1 - kept) + original * kept);
    }
    return frequencies;
  }

  /** How much of pair i's original frequency is kept. */
  private double kept(int i) {
    double low = Math.max(0, Math.floor(pairThatTurns(yarn.betaFast)));
    double high = Math.min(dim - 1, Math.ceil(pairThatTurns(yarn.betaSlow)));
    double slowness = (i - low) / Math.max(0.001, high - low);
    return yarn.mix * (1 - Math.min(1, Math.max(0, slowness)));
  }

  /** The pair, not necessarily whole, that turns so many times in the original context. */
  private double pairThatTurns(double turns) {
    return dim * Math.log(originalContext / (turns * 2 * Math.PI)) / (2 * Math.log(base));
  }
}
