package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.KvCache;
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

  /** Elements of swiglu in one unit of work; one costs about as much as 16 multiply-adds. */
  private static final int SWIGLU_UNIT = 4_096;

  private static final int SWIGLU_WORK = 16;

  private final Workers workers;
  private final VectorMatmul matmul;
  private final VectorAttention attention;
  private final VectorRows rowOperations = new VectorRows();
  private final Swiglu swiglu;
  private ForwardBatch batch;

  /**
   * @param threads threads that compute, the caller's included
   */
  public VectorBackend(int threads) {
    workers = new Workers(threads);
    matmul = new VectorMatmul(workers);
    attention = new VectorAttention(workers);
    swiglu = new Swiglu();
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
  public KvCache kvCache(int layers, int blocks, int blockTokens, int kvHeads, int headDim) {
    return new VectorKvCache(layers, blocks, blockTokens, kvHeads, headDim);
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
  public void ropeAngles(Tensor frequencies, Tensor out) {
    float[] from = FloatTensor.of(frequencies).read();
    FloatTensor to = FloatTensor.of(out);
    float[] angles = to.write();
    for (int row = 0; row < batch.rows(); row++) {
      int position = batch.positions()[row];
      Rope.angles(position, from, frequencies.columns(), angles, row * to.stride());
    }
  }

  @Override
  public void rmsNorm(int rows, Tensor x, Tensor weight, float epsilon, Tensor out) {
    FloatTensor from = FloatTensor.of(x);
    float[] gain = FloatTensor.of(weight).read();
    float[] to = FloatTensor.of(out).write();
    int stride = from.stride();
    for (int row = 0; row < rows; row++) {
      rowOperations.rmsNorm(from.read(), row * stride, stride, x.columns(), gain, epsilon, to);
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
  public void attention(Tensor q, KvCache cache, int layer, float scale, Tensor out) {
    attention.run(FloatTensor.of(q), VectorKvCache.of(cache), layer, scale, FloatTensor.of(out));
  }

  @Override
  public void swiglu(int rows, Tensor gate, Tensor up) {
    swiglu.run(FloatTensor.of(gate), FloatTensor.of(up), rows);
  }

  @Override
  public void add(int rows, Tensor x, Tensor y) {
    FloatTensor to = FloatTensor.of(x);
    VectorRows.add(to.write(), FloatTensor.of(y).read(), rows * to.stride());
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

  /** Swiglu as units of work. */
  private final class Swiglu implements Workers.Task {
    private final float[][] exps = new float[workers.threads()][SWIGLU_UNIT];
    private float[] gate;
    private float[] up;
    private int elements;

    void run(FloatTensor gate, FloatTensor up, int rows) {
      this.gate = gate.write();
      this.up = up.read();
      this.elements = rows * gate.stride();
      int units = (elements + SWIGLU_UNIT - 1) / SWIGLU_UNIT;
      workers.run(this, units, (long) elements * SWIGLU_WORK);
    }

    @Override
    public void run(int unit, int worker) {
      int from = unit * SWIGLU_UNIT;
      VectorRows.swiglu(gate, up, from, Math.min(elements, from + SWIGLU_UNIT), exps[worker]);
    }
  }
}
