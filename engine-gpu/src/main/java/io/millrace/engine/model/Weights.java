package io.millrace.engine.model;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.Tensor;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.model.Architecture.Trait;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A model's tensors by their role, on one kind of backend.
 *
 * <p>Weights never change and may be shared by any number of {@link Transformer}s, on different
 * threads too: each keeps a share, and the last {@link #close} frees the memory. A matrix {@code
 * [outputs, inputs]} maps inputs to outputs.
 */
public final class Weights implements AutoCloseable {
  static final String TOKEN_EMBEDDINGS = "token_embd.weight";
  private static final String OUTPUT_NORM = "output_norm.weight";
  private static final String OUTPUT = "output";

  /** Divisors of the frequencies: one set, or one for the original context and one for longer. */
  private static final String ROPE_FACTORS = "rope_freqs.weight";

  private static final String ROPE_FACTORS_SHORT = "rope_factors_short.weight";
  private static final String ROPE_FACTORS_LONG = "rope_factors_long.weight";

  /**
   * One transformer block. What an architecture does not have is null.
   *
   * @param attentionNorm {@code [dim]}
   * @param query {@code [heads x headDim, dim]}
   * @param key {@code [kvHeads x headDim, dim]}
   * @param value {@code [kvHeads x headDim, dim]}
   * @param queryNorm {@code [headDim]}, of each head, before it is rotated; or null
   * @param keyNorm {@code [headDim]}, of each head, before it is rotated; or null
   * @param attentionSubNorm {@code [heads x headDim]}, before {@code attentionOutput}; or null
   * @param attentionOutput {@code [dim, heads x headDim]}
   * @param attentionPostNorm {@code [dim]}, after {@code attentionOutput}; or null
   * @param ffnNorm {@code [dim]}
   * @param gate {@code [ffnDim, dim]}
   * @param up {@code [ffnDim, dim]}
   * @param ffnSubNorm {@code [ffnDim]}, before {@code down}; or null
   * @param down {@code [dim, ffnDim]}
   * @param ffnPostNorm {@code [dim]}, after {@code down}; or null
   */
  public record Layer(
      Tensor attentionNorm,
      Linear query,
      Linear key,
      Linear value,
      Tensor queryNorm,
      Tensor keyNorm,
      Tensor attentionSubNorm,
      Linear attentionOutput,
      Tensor attentionPostNorm,
      Tensor ffnNorm,
      Linear gate,
      Linear up,
      Tensor ffnSubNorm,
      Linear down,
      Tensor ffnPostNorm) {}

  private final ModelConfig config;
  private final Tensor tokenEmbeddings;
  private final RopeTable rope;
  private final RopeTable longRope; // beyond the original context
  private final RopeTable localRope; // null if all layers rotate alike
  private final List<Layer> layers;
  private final Tensor outputNorm;
  private final Linear output;
  private final List<Tensor> owned;
  private int shares = 1;

  private Weights(ModelConfig config, WeightLoader loader) throws IOException {
    int dim = config.dim();
    this.config = config;
    this.owned = loader.loaded();
    tokenEmbeddings = loader.matrix(TOKEN_EMBEDDINGS, config.vocabSize(), dim);
    boolean twoSets = loader.has(ROPE_FACTORS_LONG) || loader.has(ROPE_FACTORS_SHORT);
    rope = ropeTable(config.rope(), loader, twoSets ? ROPE_FACTORS_SHORT : ROPE_FACTORS);
    longRope = twoSets ? ropeTable(config.rope(), loader, ROPE_FACTORS_LONG) : rope;
    localRope =
        config.localRope().equals(config.rope()) ? null : ropeTable(config.localRope(), loader, "");
    List<Layer> blocks = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      blocks.add(layer(config, loader, "blk." + i + "."));
    }
    layers = List.copyOf(blocks);
    outputNorm = loader.vector(OUTPUT_NORM, dim);
    output =
        loader.has(OUTPUT + ".weight")
            ? loader.linear(OUTPUT, config.vocabSize(), dim)
            : Linear.of(tokenEmbeddings); // tied
    loader.requireAllUsed();
  }

  private static Layer layer(ModelConfig config, WeightLoader loader, String block)
      throws IOException {
    int dim = config.dim();
    int q = config.queryDim();
    int kv = config.kvDim();
    int ffn = config.ffnDim();
    boolean oneForAll = loader.has(block + "attn_qkv.weight");
    String qName = block + (oneForAll ? "attn_qkv" : "attn_q");
    String kName = block + (oneForAll ? "attn_qkv" : "attn_k");
    String vName = block + (oneForAll ? "attn_qkv" : "attn_v");
    int all = q + 2 * kv;
    Architecture architecture = config.architecture();
    boolean gateInUp = architecture.has(Trait.GATE_IN_UP);
    boolean headNorm = architecture.has(Trait.QUERY_KEY_NORM);
    boolean subNorm = architecture.has(Trait.SUB_NORM);
    boolean postNorm = architecture.has(Trait.POST_NORM);
    return new Layer(
        loader.vector(block + "attn_norm.weight", dim),
        loader.linear(qName, oneForAll ? all : q, dim, 0, q),
        loader.linear(kName, oneForAll ? all : kv, dim, oneForAll ? q : 0, kv),
        loader.linear(vName, oneForAll ? all : kv, dim, oneForAll ? q + kv : 0, kv),
        headNorm ? loader.vector(block + "attn_q_norm.weight", config.headDim()) : null,
        headNorm ? loader.vector(block + "attn_k_norm.weight", config.headDim()) : null,
        subNorm ? loader.vector(block + "attn_sub_norm.weight", q) : null,
        loader.linear(block + "attn_output", dim, q),
        postNorm ? loader.vector(block + "post_attention_norm.weight", dim) : null,
        loader.vector(block + "ffn_norm.weight", dim),
        gateInUp
            ? loader.linear(block + "ffn_up", 2 * ffn, dim, 0, ffn)
            : loader.linear(block + "ffn_gate", ffn, dim),
        gateInUp
            ? loader.linear(block + "ffn_up", 2 * ffn, dim, ffn, ffn)
            : loader.linear(block + "ffn_up", ffn, dim),
        subNorm ? loader.vector(block + "ffn_sub_norm.weight", ffn) : null,
        loader.linear(block + "ffn_down", dim, ffn),
        postNorm ? loader.vector(block + "post_ffw_norm.weight", dim) : null);
  }

  /** A rotation with its frequencies, divided by the file's own factors if it has any. */
  private static RopeTable ropeTable(RopeConfig rope, WeightLoader loader, String factors)
      throws IOException {
    boolean required = factors.equals(ROPE_FACTORS_SHORT) || factors.equals(ROPE_FACTORS_LONG);
    float[] divisors =
        required || loader.has(factors) ? loader.divisors(factors, rope.dim() / 2) : null;
    return new RopeTable(
        loader.computed("rope frequencies", rope.frequencies(divisors)), (float) rope.magnitude());
  }

  /**
   * Loads a model. The caller owns one share of it.
   *
   * @param backend where the weights go; any other backend of the same kind can use them too
   * @throws GgufFormatException if the file is not a model the engine and the backend can run: one
   *     line that says why
   * @throws IOException if the file cannot be read
   */
  public static Weights load(ModelSource source, Backend backend) throws IOException {
    ModelConfig config = ModelConfig.of(source);
    Weights unused = new Weights(config, WeightLoader.checking(source, backend));
    WeightLoader loader = WeightLoader.loading(source, backend);
    try {
      return new Weights(config, loader);
    } catch (IOException | RuntimeException | Error e) {
      loader.loaded().forEach(Tensor::close);
      throw e;
    }
  }

  public ModelConfig config() {
    return config;
  }

  /** {@code [vocab, dim]}. */
  public Tensor tokenEmbeddings() {
    return tokenEmbeddings;
  }

  /**
   * How the layers that see all positions rotate.
   *
   * @param context most positions of a sequence. It decides once and for all, and not the length
   *     that a sequence has reached: else keys in the cache would have been rotated otherwise than
   *     those to come
   */
  public RopeTable rope(int context) {
    return context > config.rope().originalContext() ? longRope : rope;
  }

  /** How the layers that see a window rotate. */
  public RopeTable localRope(int context) {
    return localRope == null ? rope(context) : localRope;
  }

  public List<Layer> layers() {
    return layers;
  }

  /** {@code [dim]}. */
  public Tensor outputNorm() {
    return outputNorm;
  }

  /** {@code [vocab, dim]}; the token embeddings where the file has no matrix of its own. */
  public Linear output() {
    return output;
  }

  /** Bytes of memory all tensors take. */
  public long bytes() {
    return owned.stream().mapToLong(Tensor::bytes).sum();
  }

  /**
   * Takes one more share, to be given back with {@link #close}.
   *
   * @throws IllegalStateException if the memory has been freed
   */
  public synchronized Weights share() {
    if (shares == 0) {
      throw new IllegalStateException("the weights are closed");
    }
    shares++;
    return this;
  }

  /** Gives one share back; the last one frees the memory. */
  @Override
  public synchronized void close() {
    if (shares == 0) {
      throw new IllegalStateException("the weights are closed");
    }
    if (--shares == 0) {
      owned.forEach(Tensor::close);
    }
  }
}
