package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.Activation;
import io.millrace.engine.backend.AttentionSpec;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.KvCache;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.backend.RopePairs;
import io.millrace.engine.backend.Tensor;
import io.millrace.engine.backend.TensorData;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.model.ForwardBatch;
import java.io.IOException;

/**
 * The CPU through the JDK's Vector API, at whatever vector length the processor has.
 *
 * <p>Rows of activations are filled up with zeros to whole groups of {@link VectorWeight#GROUP},
 * and buffers to whole tiles of rows, so that no kernel has a remainder. A step allocates nothing
 * once the scratch memory has grown to its size. Matmuls agree with {@link ScalarBackend} to the
 * bit; norms and softmax add in another order.
 */
public final class VectorBackend implements Backend {

  /** Elements of a gated unit in one unit of work; one costs about as much as 16 multiply-adds. */
  private static final int GLU_UNIT = 4_096;

  private static final int GLU_WORK = 16;

  private final Workers workers;
  private final ColumnOrder columnOrder = new ColumnOrder();
  private final VectorMatmul matmul;
  private final VectorAttention attention;
  private final VectorRows rowOperations = new VectorRows();
  private final Glu glu;
  private ForwardBatch batch;

  /**
   * @param threads threads that compute, the caller's included
   */
  public VectorBackend(int threads) {
    workers = new Workers(threads);
    matmul = new VectorMatmul(workers);
    attention = new VectorAttention(workers);
    glu = new Glu();
  }

  @Override
  public String name() {
    return "cpu-vector";
  }

  @Override
  public boolean supports(GgmlType type) {
    return CpuWeights.supports(type);
  }

  @Override
  public Tensor weight(String name, GgmlType type, int rows, int columns, TensorData data)
      throws IOException {
    CpuWeights.check(name, type, rows, columns);
    return rows == 1
        ? CpuWeights.vector(type, columns, stride(columns), data)
        : new VectorWeight(name, type, rows, columns, data);
  }

  @Override
  public Tensor activations(int rows, int columns) {
    int wholeTiles = VectorKvCache.roundUp(rows, VectorInput.TILE);
    return new FloatTensor(wholeTiles, columns, stride(columns));
  }

  private static int stride(int columns) {
    return VectorKvCache.roundUp(columns, VectorWeight.GROUP);
  }

  @Override
  public KvCache kvCache(
      KvType type, int layers, int blocks, int blockTokens, int kvHeads, int headDim) {
    return new VectorKvCache(type, layers, blocks, blockTokens, kvHeads, headDim);
  }

  @Override
  public void begin(ForwardBatch batch) {
    this.batch = batch;
    attention.begin(batch);
  }

  @Override
  public void embed(Tensor table, Tensor out) {
    VectorWeight embeddings = VectorWeight.of(table);
    FloatTensor to = FloatTensor.of(out);
    float[] elements = to.write();
    for (int row = 0; row < batch.rows(); row++) {
      embeddings.decodeRow(batch.tokens()[row], elements, row * to.stride());
    }
  }

  @Override
  public void ropeAngles(Tensor frequencies, float magnitude, Tensor out) {
    float[] from = FloatTensor.of(frequencies).read();
    FloatTensor to = FloatTensor.of(out);
    float[] angles = to.write();
    for (int row = 0; row < batch.rows(); row++) {
      int position = batch.positions()[row];
      int at = row * to.stride();
      Rope.angles(position, from, frequencies.columns(), magnitude, angles, at);
    }
  }

  @Override
  public void rmsNorm(int rows, Tensor x, Tensor weight, float epsilon, Tensor out) {
    FloatTensor from = FloatTensor.of(x);
    float[] gain = FloatTensor.of(weight).read();
    float[] to = FloatTensor.of(out).write();
    int stride = from.stride();
    int part = weight.columns();
    for (int row = 0; row < rows; row++) {
      int at = row * stride;
      if (part == x.columns()) {
        rowOperations.rmsNorm(from.read(), at, stride, part, gain, epsilon, to);
      } else {
        rowOperations.rmsNormParts(from.read(), at, x.columns(), part, gain, epsilon, to);
      }
    }
  }

  @Override
  public void matmul(int rows, Tensor weight, Tensor x, Tensor out) {
    matmul.run(rows, VectorWeight.of(weight), FloatTensor.of(x), FloatTensor.of(out));
  }

  @Override
  public void rope(Tensor angles, RopePairs pairs, int headDim, Tensor x) {
    FloatTensor turns = FloatTensor.of(angles);
    FloatTensor heads = FloatTensor.of(x);
    float[] elements = heads.write();
    for (int row = 0; row < batch.rows(); row++) {
      int first = row * heads.stride();
      for (int at = first; at < first + x.columns(); at += headDim) {
        Rope.rotate(pairs, angles.columns() / 2, turns.read(), row * turns.stride(), elements, at);
      }
    }
  }

  @Override
  public void storeKv(Tensor k, Tensor v, KvCache cache, int layer) {
    VectorKvCache kv = VectorKvCache.of(cache);
    FloatTensor keys = FloatTensor.of(k);
    FloatTensor values = FloatTensor.of(v);
    for (int row = 0; row < batch.rows(); row++) {
      kv.store(
          layer,
          batch.slots()[row],
          keys.read(),
          row * keys.stride(),
          values.read(),
          row * values.stride());
    }
  }

  @Override
  public void attention(Tensor q, KvCache cache, int layer, AttentionSpec spec, Tensor out) {
    attention.run(FloatTensor.of(q), VectorKvCache.of(cache), layer, spec, FloatTensor.of(out));
  }

  @Override
  public void glu(Activation activation, int rows, Tensor gate, Tensor up) {
    glu.run(activation, FloatTensor.of(gate), FloatTensor.of(up), rows);
  }

  @Override
  public void add(int rows, Tensor x, Tensor y) {
    FloatTensor to = FloatTensor.of(x);
    VectorRows.add(to.write(), FloatTensor.of(y).read(), rows * to.stride());
  }

  @Override
  public void addBias(int rows, Tensor x, Tensor bias) {
    FloatTensor to = FloatTensor.of(x);
    VectorRows.addBias(to.write(), FloatTensor.of(bias).read(), rows, to.stride());
  }

  @Override
  public Tensor reorder(int rows, Tensor x, Tensor order) {
    return columnOrder.apply(rows, FloatTensor.of(x), FloatTensor.of(order));
  }

  @Override
  public void scale(int rows, Tensor x, float factor) {
    FloatTensor to = FloatTensor.of(x);
    VectorMath.scale(to.write(), 0, rows * to.stride(), factor);
  }

  @Override
  public void softCap(int rows, Tensor x, float cap) {
    FloatTensor to = FloatTensor.of(x);
    VectorMath.softCap(to.write(), 0, rows * to.stride(), cap);
  }

  @Override
  public void gather(Tensor x, Tensor out) {
    FloatTensor from = FloatTensor.of(x);
    float[] to = FloatTensor.of(out).write();
    int stride = from.stride();
    int[] wanted = batch.logitsRows();
    for (int i = 0; i < wanted.length; i++) {
      System.arraycopy(from.read(), wanted[i] * stride, to, i * stride, stride);
    }
  }

  @Override
  public void read(int rows, Tensor x, float[] into) {
    FloatTensor from = FloatTensor.of(x);
    for (int row = 0; row < rows; row++) {
      System.arraycopy(from.read(), row * from.stride(), into, row * x.columns(), x.columns());
    }
  }

  @Override
  public void close() {
    workers.close();
  }

  /** The gated linear unit as units of work. */
  private final class Glu implements Workers.Task {
    private final float[][] exps = new float[workers.threads()][GLU_UNIT];
    private Activation activation;
    private float[] gate;
    private float[] up;
    private int elements;

    void run(Activation activation, FloatTensor gate, FloatTensor up, int rows) {
      this.activation = activation;
      this.gate = gate.write();
      this.up = up.read();
      this.elements = rows * gate.stride();
      int units = (elements + GLU_UNIT - 1) / GLU_UNIT;
      workers.run(this, units, (long) elements * GLU_WORK);
    }

    @Override
    public void run(int unit, int worker) {
      int from = unit * GLU_UNIT;
      int to = Math.min(elements, from + GLU_UNIT);
      switch (activation) {
        case SILU -> VectorGlu.silu(gate, up, from, to, exps[worker]);
        case GELU_TANH -> VectorGlu.geluTanh(gate, up, from, to, exps[worker]);
        case RELU_SQUARED -> VectorGlu.reluSquared(gate, up, from, to);
      }
    }
  }
}
