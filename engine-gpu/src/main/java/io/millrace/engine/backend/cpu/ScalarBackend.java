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
import io.millrace.engine.quant.DecodedRow;
import java.io.IOException;
import java.util.Arrays;

/**
 * The oracle: every operation as the plain loop that defines it. Also what runs where the Vector
 * API is not at hand. Weights stay as they lie in the file.
 */
public final class ScalarBackend implements Backend {

  /** Outputs of a matmul, and rows of the batch in attention, that make one unit of work. */
  private static final int OUTPUTS_PER_UNIT = 64;

  private final Workers workers;
  private final ColumnOrder columnOrder = new ColumnOrder();

  // ---- of the current step
  private ForwardBatch batch;
  private int[] segmentOfRow = new int[0];
  private float[][] scores; // by worker, one per position
  private byte[] quants = new byte[0]; // [rows][columns], of the matmul under way
  private float[] scales = new float[0]; // [rows][columns / 32]
  private final DecodedRow[] decoded; // by worker, the weight's row under way

  /**
   * @param threads threads that compute, the caller's included
   */
  public ScalarBackend(int threads) {
    workers = new Workers(threads);
    scores = new float[threads][0];
    decoded = new DecodedRow[threads];
    Arrays.setAll(decoded, i -> new DecodedRow());
  }

  @Override
  public String name() {
    return "cpu-scalar";
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
        ? CpuWeights.vector(type, columns, columns, data)
        : new ScalarWeight(name, type, rows, columns, data);
  }

  @Override
  public Tensor activations(int rows, int columns) {
    return new FloatTensor(rows, columns, columns);
  }

  @Override
  public KvCache kvCache(
      KvType type, int layers, int blocks, int blockTokens, int kvHeads, int headDim) {
    return new ScalarKvCache(type, layers, blocks, blockTokens, kvHeads, headDim);
  }

  @Override
  public void begin(ForwardBatch batch) {
    this.batch = batch;
    if (segmentOfRow.length < batch.rows()) {
      segmentOfRow = new int[2 * batch.rows()];
    }
    int positions = 0;
    for (int segment = 0; segment < batch.segments(); segment++) {
      int from = batch.segmentStarts()[segment];
      int to = batch.segmentStarts()[segment + 1];
      Arrays.fill(segmentOfRow, from, to, segment);
      positions = Math.max(positions, batch.positions()[to - 1] + 1);
    }
    if (scores[0].length < positions) {
      scores = new float[workers.threads()][2 * positions];
    }
  }

  @Override
  public void embed(Tensor table, Tensor out) {
    float[] to = FloatTensor.of(out).write();
    for (int row = 0; row < batch.rows(); row++) {
      ScalarWeight.of(table).decodeRow(batch.tokens()[row], decoded[0], to, row * out.columns());
    }
  }

  @Override
  public void ropeAngles(Tensor frequencies, float magnitude, Tensor out) {
    float[] from = FloatTensor.of(frequencies).read();
    float[] to = FloatTensor.of(out).write();
    for (int row = 0; row < batch.rows(); row++) {
      int position = batch.positions()[row];
      Rope.angles(position, from, frequencies.columns(), magnitude, to, row * out.columns());
    }
  }

  @Override
  public void rmsNorm(int rows, Tensor x, Tensor weight, float epsilon, Tensor out) {
    int n = weight.columns();
    float[] from = FloatTensor.of(x).read();
    float[] gain = FloatTensor.of(weight).read();
    float[] to = FloatTensor.of(out).write();
    for (int at = 0; at < rows * x.columns(); at += n) {
      float squares = 0f;
      for (int i = 0; i < n; i++) {
        squares += from[at + i] * from[at + i];
      }
      float factor = (float) (1 / Math.sqrt(squares / n + epsilon));
      for (int i = 0; i < n; i++) {
        to[at + i] = from[at + i] * factor * gain[i];
      }
    }
  }

  @Override
  public void matmul(int rows, Tensor weight, Tensor x, Tensor out) {
    ScalarWeight w = ScalarWeight.of(weight);
    int inputs = w.columns();
    float[] from = FloatTensor.of(x).read();
    float[] to = FloatTensor.of(out).write();
    boolean quantised = w.type().quantized();
    if (quantised) {
      quantise(rows * inputs, from);
    }
    Workers.Task task =
        (unit, worker) -> {
          int end = Math.min(w.rows(), (unit + 1) * OUTPUTS_PER_UNIT);
          DecodedRow weights = decoded[worker];
          for (int o = unit * OUTPUTS_PER_UNIT; o < end; o++) {
            if (quantised) {
              w.decode(o, weights);
            }
            for (int row = 0; row < rows; row++) {
              to[row * out.columns() + o] =
                  quantised
                      ? w.dot(weights, quants, scales, row * inputs)
                      : w.dot(o, from, row * inputs);
            }
          }
        };
    int units = (w.rows() + OUTPUTS_PER_UNIT - 1) / OUTPUTS_PER_UNIT;
    workers.run(task, units, (long) rows * w.rows() * inputs);
  }

  private void quantise(int elements, float[] from) {
    if (quants.length < elements) {
      quants = new byte[elements];
      scales = new float[elements / Int8Blocks.BLOCK];
    }
    for (int at = 0; at < elements; at += Int8Blocks.BLOCK) {
      scales[at / Int8Blocks.BLOCK] = Int8Blocks.quantise(from, at, quants, at);
    }
  }

  @Override
  public void rope(Tensor angles, RopePairs pairs, int headDim, Tensor x) {
    float[] turns = FloatTensor.of(angles).read();
    float[] heads = FloatTensor.of(x).write();
    int width = x.columns();
    for (int row = 0; row < batch.rows(); row++) {
      for (int at = row * width; at < (row + 1) * width; at += headDim) {
        Rope.rotate(pairs, angles.columns() / 2, turns, row * angles.columns(), heads, at);
      }
    }
  }

  @Override
  public void storeKv(Tensor k, Tensor v, KvCache cache, int layer) {
    ScalarKvCache kv = ScalarKvCache.of(cache);
    float[] keys = FloatTensor.of(k).read();
    float[] values = FloatTensor.of(v).read();
    for (int row = 0; row < batch.rows(); row++) {
      kv.store(layer, batch.slots()[row], keys, values, row * k.columns());
    }
  }

  @Override
  public void attention(Tensor q, KvCache cache, int layer, AttentionSpec spec, Tensor out) {
    ScalarKvCache kv = ScalarKvCache.of(cache);
    float[] queries = FloatTensor.of(q).read();
    float[] to = FloatTensor.of(out).write();
    int headDim = kv.headDim();
    int heads = q.columns() / headDim;
    Workers.Task task =
        (row, worker) -> {
          int[] blocks = batch.blockTables()[segmentOfRow[row]];
          for (int head = 0; head < heads; head++) {
            int at = (row * heads + head) * headDim;
            int kvHead = head * kv.kvHeads() / heads;
            kv.attend(
                layer,
                kvHead,
                blocks,
                batch.positions()[row],
                queries,
                to,
                at,
                spec,
                scores[worker]);
          }
        };
    long work = 0;
    for (int row = 0; row < batch.rows(); row++) {
      int position = batch.positions()[row];
      work += 2L * q.columns() * (position + 1 - spec.firstPosition(position));
    }
    workers.run(task, batch.rows(), work);
  }

  @Override
  public void glu(Activation activation, int rows, Tensor gate, Tensor up) {
    float[] g = FloatTensor.of(gate).write();
    float[] u = FloatTensor.of(up).read();
    for (int i = 0; i < rows * gate.columns(); i++) {
      g[i] = activate(activation, g[i]) * u[i];
    }
  }

  private static float activate(Activation activation, float x) {
    return switch (activation) {
      case SILU -> x / (1f + (float) Math.exp(-x));
      case GELU_TANH ->
          (float) (0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * x * (1 + 0.044715 * x * x))));
      case RELU_SQUARED -> Math.max(0f, x) * Math.max(0f, x);
    };
  }

  @Override
  public void add(int rows, Tensor x, Tensor y) {
    float[] to = FloatTensor.of(x).write();
    float[] from = FloatTensor.of(y).read();
    for (int i = 0; i < rows * x.columns(); i++) {
      to[i] += from[i];
    }
  }

  @Override
  public void addBias(int rows, Tensor x, Tensor bias) {
    float[] to = FloatTensor.of(x).write();
    float[] from = FloatTensor.of(bias).read();
    for (int i = 0; i < rows * x.columns(); i++) {
      to[i] += from[i % x.columns()];
    }
  }

  @Override
  public Tensor reorder(int rows, Tensor x, Tensor order) {
    return columnOrder.apply(rows, FloatTensor.of(x), FloatTensor.of(order));
  }

  @Override
  public void scale(int rows, Tensor x, float factor) {
    float[] to = FloatTensor.of(x).write();
    for (int i = 0; i < rows * x.columns(); i++) {
      to[i] *= factor;
    }
  }

  @Override
  public void softCap(int rows, Tensor x, float cap) {
    float[] to = FloatTensor.of(x).write();
    for (int i = 0; i < rows * x.columns(); i++) {
      to[i] = cap * (float) Math.tanh(to[i] / cap);
    }
  }

  @Override
  public void gather(Tensor x, Tensor out) {
    float[] from = FloatTensor.of(x).read();
    float[] to = FloatTensor.of(out).write();
    int width = x.columns();
    int[] wanted = batch.logitsRows();
    for (int i = 0; i < wanted.length; i++) {
      System.arraycopy(from, wanted[i] * width, to, i * width, width);
    }
  }

  @Override
  public void read(int rows, Tensor x, float[] into) {
    System.arraycopy(FloatTensor.of(x).read(), 0, into, 0, rows * x.columns());
  }

  @Override
  public void close() {
    workers.close();
  }
}
