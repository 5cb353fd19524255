package io.millrace.engine.model;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.KvCache;
import io.millrace.engine.backend.RopePairs;
import io.millrace.engine.backend.Tensor;
import io.millrace.engine.gguf.ModelSource;
import java.io.IOException;
import java.util.List;

/**
 * The decoder-only transformer: RMSNorm, rotary positions, grouped-query attention, SwiGLU.
 *
 * <p>It sees tensors through their {@link Backend} alone; only logits come back as an array. It
 * owns its KV cache and a share of its weights; the backend stays the caller's, who may run several
 * models on it, one at a time.
 */
public final class Transformer implements LanguageModel {
  private final Weights weights;
  private final ModelConfig config;
  private final Backend backend;
  private final KvCache kv;
  private final int contextLength;

  // ---- runtime
  private Activations activations;
  private Tensor lastHidden; // [logits rows, dim]
  private Tensor logits; // [logits rows, vocab]
  private float[] logitsOut = new float[0];
  private boolean closed;

  /**
   * @param weights shared: the caller's own share stays the caller's
   * @param backend of the kind that loaded the weights; used by one thread at a time
   * @param kvBlocks KV blocks in the cache
   * @param blockTokens tokens in one KV block
   * @param contextMax most positions of a sequence; the model's own context bounds it as well
   */
  public Transformer(
      Weights weights, Backend backend, int kvBlocks, int blockTokens, int contextMax) {
    if (kvBlocks < 1 || blockTokens < 1 || (long) kvBlocks * blockTokens > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a KV cache of " + kvBlocks + " blocks of " + blockTokens + " tokens is not possible");
    }
    if (contextMax < 1) {
      throw new IllegalArgumentException("contextMax is " + contextMax + ", must be at least 1");
    }
    this.config = weights.config();
    this.backend = backend;
    this.contextLength = Math.min(contextMax, config.contextLength());
    this.kv =
        backend.kvCache(config.layers(), kvBlocks, blockTokens, config.kvHeads(), config.headDim());
    this.weights = weights.share();
  }

  /**
   * Loads a model from its file, with weights of its own. Parameters and errors are those of the
   * constructor and of {@link Weights#load}.
   */
  public static Transformer load(
      ModelSource source, Backend backend, int kvBlocks, int blockTokens, int contextMax)
      throws IOException {
    try (Weights weights = Weights.load(source, backend)) {
      return new Transformer(weights, backend, kvBlocks, blockTokens, contextMax);
    }
  }

  @Override
  public float[] forward(ForwardBatch batch) {
    batch.check(this);
    int rows = batch.rows();
    reserve(rows, batch.logitsRows().length);
    Tensor x = activations.x;
    Tensor h = activations.h;

    backend.begin(batch);
    backend.embed(weights.tokenEmbeddings(), x); // x [rows, dim]
    backend.ropeAngles(weights.ropeFrequencies(), activations.angles); // [rows, ropeDim]

    List<Weights.Layer> layers = weights.layers();
    for (int layer = 0; layer < layers.size(); layer++) {
      Weights.Layer w = layers.get(layer);

      backend.rmsNorm(rows, x, w.attentionNorm(), config.rmsEpsilon(), h); // [rows, dim]
      attention(rows, layer, w, h); // h -> h
      backend.add(rows, x, h);

      backend.rmsNorm(rows, x, w.ffnNorm(), config.rmsEpsilon(), h); // [rows, dim]
      feedForward(rows, w, h); // h -> h
      backend.add(rows, x, h);
    }
    return logits(batch.logitsRows().length, x);
  }

  private void attention(int rows, int layer, Weights.Layer w, Tensor h) {
    RopePairs pairs = config.architecture().ropePairs();
    Tensor q = activations.q;
    Tensor k = activations.k;
    Tensor v = activations.v;
    Tensor mixed = activations.mixed;
    backend.matmul(rows, w.query(), h, q); // q [rows, heads x headDim]
    backend.matmul(rows, w.key(), h, k); // k [rows, kvHeads x headDim]
    backend.matmul(rows, w.value(), h, v); // v [rows, kvHeads x headDim]
    backend.rope(activations.angles, pairs, config.headDim(), q);
    backend.rope(activations.angles, pairs, config.headDim(), k);
    backend.storeKv(k, v, kv, layer);
    float scale = (float) (1 / Math.sqrt(config.headDim()));
    backend.attention(q, kv, layer, scale, mixed); // [rows, heads x headDim]
    backend.matmul(rows, w.attentionOutput(), mixed, h); // [rows, dim]
  }

  private void feedForward(int rows, Weights.Layer w, Tensor h) {
    Tensor gate = activations.gate;
    Tensor up = activations.up;
    backend.matmul(rows, w.gate(), h, gate); // [rows, ffnDim]
    backend.matmul(rows, w.up(), h, up); // [rows, ffnDim]
    backend.swiglu(rows, gate, up); // [rows, ffnDim]
    backend.matmul(rows, w.down(), gate, h); // [rows, dim]
  }

  /** Of the rows that asked for it alone. */
  private float[] logits(int wanted, Tensor x) {
    if (wanted > 0) {
      backend.gather(x, lastHidden); // [logits rows, dim]
      backend.rmsNorm(wanted, lastHidden, weights.outputNorm(), config.rmsEpsilon(), lastHidden);
      backend.matmul(wanted, weights.output(), lastHidden, logits); // [logits rows, vocab]
      backend.read(wanted, logits, logitsOut);
    }
    return logitsOut;
  }

  /** Grows the buffers, to powers of two so that this ends soon; rows are bounded by the slots. */
  private void reserve(int rows, int wanted) {
    if (activations == null || activations.x.rows() < rows) {
      if (rows > kv.blocks() * kv.blockTokens()) {
        throw new IllegalArgumentException("the batch is wrong: it has more rows than slots");
      }
      if (activations != null) {
        activations.close();
        activations = null; // should there be no memory for the next
      }
      activations = new Activations(backend, config, roundUp(rows));
    }
    if (wanted > 0 && (logits == null || logits.rows() < wanted)) {
      if (logits != null) {
        logits.close();
        lastHidden.close();
        logits = null;
      }
      lastHidden = backend.activations(roundUp(wanted), config.dim());
      logits = backend.activations(roundUp(wanted), config.vocabSize());
      logitsOut = new float[Math.multiplyExact(logits.rows(), config.vocabSize())];
    }
  }

  private static int roundUp(int rows) {
    return rows == 1 ? 1 : Integer.highestOneBit(rows - 1) << 1;
  }

  public ModelConfig config() {
    return config;
  }

  @Override
  public int vocabSize() {
    return config.vocabSize();
  }

  @Override
  public int contextLength() {
    return contextLength;
  }

  @Override
  public int kvBlocks() {
    return kv.blocks();
  }

  @Override
  public int blockTokens() {
    return kv.blockTokens();
  }

  /** Frees the KV cache and gives back the share of the weights; closing again does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (activations != null) {
      activations.close();
    }
    if (logits != null) {
      logits.close();
      lastHidden.close();
    }
    kv.close();
    weights.close();
  }

  /** One step's buffers. */
  private static final class Activations {
    private final Tensor x;
    private final Tensor h;
    private final Tensor angles;
    private final Tensor q;
    private final Tensor k;
    private final Tensor v;
    private final Tensor mixed;
    private final Tensor gate;
    private final Tensor up;

    Activations(Backend backend, ModelConfig config, int rows) {
      x = backend.activations(rows, config.dim());
      h = backend.activations(rows, config.dim());
      angles = backend.activations(rows, config.ropeDim());
      q = backend.activations(rows, config.queryDim());
      k = backend.activations(rows, config.kvDim());
      v = backend.activations(rows, config.kvDim());
      mixed = backend.activations(rows, config.queryDim());
      gate = backend.activations(rows, config.ffnDim());
      up = backend.activations(rows, config.ffnDim());
    }

    void close() {
      for (Tensor tensor : List.of(x, h, angles, q, k, v, mixed, gate, up)) {
        tensor.close();
      }
    }
  }
}
