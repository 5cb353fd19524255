package io.millrace.engine.model;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.KvCache;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.backend.RopePairs;
import io.millrace.engine.backend.Tensor;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.sampling.RowDraws;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The decoder-only transformer: RMSNorm, rotary positions, grouped-query attention, gated
 * feed-forward. What models add to that (norms in more places, biases, windows, soft caps) is there
 * if their {@link ModelConfig} and {@link Weights} have it, and costs nothing if not.
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
  private final RopeTable rope;
  private final RopeTable localRope;

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
   * @param kvType what the cache keeps of keys and values
   */
  public Transformer(
      Weights weights,
      Backend backend,
      int kvBlocks,
      int blockTokens,
      int contextMax,
      KvType kvType) {
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
        backend.kvCache(
            kvType, config.layers(), kvBlocks, blockTokens, config.kvHeads(), config.headDim());
    this.weights = weights.share();
    this.rope = weights.rope(contextLength);
    this.localRope = weights.localRope(contextLength);
  }

  /** With a KV cache of float32. */
  public Transformer(
      Weights weights, Backend backend, int kvBlocks, int blockTokens, int contextMax) {
    this(weights, backend, kvBlocks, blockTokens, contextMax, KvType.F32);
  }

  /**
   * Loads a model from its file, with weights of its own. Parameters and errors are those of the
   * constructor and of {@link Weights#load}.
   */
  public static Transformer load(
      ModelSource source,
      Backend backend,
      int kvBlocks,
      int blockTokens,
      int contextMax,
      KvType kvType)
      throws IOException {
    try (Weights weights = Weights.load(source, backend)) {
      return new Transformer(weights, backend, kvBlocks, blockTokens, contextMax, kvType);
    }
  }

  /** With a KV cache of float32. */
  public static Transformer load(
      ModelSource source, Backend backend, int kvBlocks, int blockTokens, int contextMax)
      throws IOException {
    return load(source, backend, kvBlocks, blockTokens, contextMax, KvType.F32);
  }

  @Override
  public float[] forward(ForwardBatch batch) {
    compute(batch);
    int wanted = batch.logitsRows().length;
    if (wanted > 0) {
      if (logitsOut.length < Math.multiplyExact(wanted, config.vocabSize())) {
        logitsOut = new float[Math.multiplyExact(logits.rows(), config.vocabSize())];
      }
      backend.read(wanted, logits, logitsOut);
    }
    return logitsOut;
  }

  @Override
  public boolean draws() {
    return backend.draws();
  }

  @Override
  public int[] draw(ForwardBatch batch, RowDraws draws) {
    int[] tokens = new int[batch.logitsRows().length];
    if (draws.rows() != tokens.length || draws.vocabSize() > config.vocabSize()) {
      throw new IllegalArgumentException(
          "%d rows of logits over %d tokens, but %d draws from %d"
              .formatted(tokens.length, config.vocabSize(), draws.rows(), draws.vocabSize()));
    }
    compute(batch);
    if (tokens.length > 0) {
      backend.draw(logits, draws, tokens);
    }
    return tokens;
  }

  /** From tokens to {@link #logits}, if any are wanted. */
  private void compute(ForwardBatch batch) {
    batch.check(this);
    int rows = batch.rows();
    reserve(rows, batch.logitsRows().length);
    Tensor x = activations.x;
    Tensor h = activations.h;

    backend.begin(batch);
    backend.embed(weights.tokenEmbeddings(), x); // x [rows, dim]
    if (config.embeddingScale() != 1f) {
      backend.scale(rows, x, config.embeddingScale());
    }
    ropeAngles();

    List<Weights.Layer> layers = weights.layers();
    for (int layer = 0; layer < layers.size(); layer++) {
      Weights.Layer w = layers.get(layer);
      Tensor mixed = activations.mixed;

      norm(rows, x, w.attentionNorm(), h); // [rows, dim]
      attention(rows, layer, w, h, mixed); // [rows, heads x headDim]
      if (layer == layers.size() - 1) { // of the last one nobody reads the other rows
        rows = batch.logitsRows().length;
        if (rows == 0) {
          return;
        }
        mixed = onlyWanted(mixed, activations.q);
        x = onlyWanted(x, lastHidden);
      }
      normIfAny(rows, mixed, w.attentionSubNorm());
      w.attentionOutput().apply(backend, rows, mixed, h); // [rows, dim]
      normIfAny(rows, h, w.attentionPostNorm());
      backend.add(rows, x, h);

      norm(rows, x, w.ffnNorm(), h); // [rows, dim]
      feedForward(rows, w, h); // h -> h
      normIfAny(rows, h, w.ffnPostNorm());
      backend.add(rows, x, h);
    }
    output(rows, x);
  }

  /** The rows whose logits are wanted, copied. */
  private Tensor onlyWanted(Tensor from, Tensor to) {
    backend.gather(from, to);
    return to;
  }

  /** [rows, ropeDim], once a step for each kind of layer. */
  private void ropeAngles() {
    backend.ropeAngles(rope.frequencies(), rope.magnitude(), activations.angles);
    if (activations.localAngles != activations.angles) {
      backend.ropeAngles(localRope.frequencies(), localRope.magnitude(), activations.localAngles);
    }
  }

  private void attention(int rows, int layer, Weights.Layer w, Tensor h, Tensor mixed) {
    RopePairs pairs = config.architecture().ropePairs();
    Tensor angles = config.local(layer) ? activations.localAngles : activations.angles;
    Tensor q = activations.q;
    Tensor k = activations.k;
    Tensor v = activations.v;
    w.query().apply(backend, rows, h, q); // q [rows, heads x headDim]
    w.key().apply(backend, rows, h, k); // k [rows, kvHeads x headDim]
    w.value().apply(backend, rows, h, v); // v [rows, kvHeads x headDim]
    normIfAny(rows, q, w.queryNorm()); // each head
    normIfAny(rows, k, w.keyNorm());
    backend.rope(angles, pairs, config.headDim(), q);
    backend.rope(angles, pairs, config.headDim(), k);
    backend.storeKv(k, v, kv, layer);
    backend.attention(q, kv, layer, config.attention().get(layer), mixed); // like q
  }

  private void feedForward(int rows, Weights.Layer w, Tensor h) {
    Tensor gate = activations.gate;
    Tensor up = activations.up;
    w.gate().apply(backend, rows, h, gate); // [rows, ffnDim]
    w.up().apply(backend, rows, h, up); // [rows, ffnDim]
    backend.glu(config.activation(), rows, gate, up); // [rows, ffnDim]
    normIfAny(rows, gate, w.ffnSubNorm());
    w.down().apply(backend, rows, gate, h); // [rows, dim]
  }

  private void norm(int rows, Tensor x, Tensor weight, Tensor out) {
    backend.rmsNorm(rows, x, weight, config.rmsEpsilon(), out);
  }

  /** In place, where the model has this norm. */
  private void normIfAny(int rows, Tensor x, Tensor weight) {
    if (weight != null) {
      norm(rows, x, weight, x);
    }
  }

  /** From the last layer's rows to the output. */
  private void output(int wanted, Tensor x) {
    norm(wanted, x, weights.outputNorm(), x);
    weights.output().apply(backend, wanted, x, logits); // [logits rows, vocab]
    if (config.logitSoftCap() > 0) {
      backend.softCap(wanted, logits, config.logitSoftCap());
    }
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
      activations = Activations.of(backend, config, !localRope.equals(rope), roundUp(rows));
    }
    if (wanted > 0 && (logits == null || logits.rows() < wanted)) {
      closeOutputs();
      lastHidden = backend.activations(roundUp(wanted), config.dim());
      logits = backend.activations(roundUp(wanted), config.vocabSize());
    }
  }

  private void closeOutputs() {
    List<Tensor> outputs = new ArrayList<>();
    outputs.add(lastHidden);
    outputs.add(logits);
    lastHidden = null; // should there be no memory for the next
    logits = null;
    outputs.stream().filter(Objects::nonNull).forEach(Tensor::close);
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

  /** Bytes of the KV cache. */
  public long kvBytes() {
    return kv.bytes();
  }

  /** Frees the KV cache and gives back the share of the weights; closing again does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      if (activations != null) {
        activations.close();
      }
      closeOutputs();
    } finally {
      try {
        kv.close();
      } finally {
        weights.close();
      }
    }
  }
}
