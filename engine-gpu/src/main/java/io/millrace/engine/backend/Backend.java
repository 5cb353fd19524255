package io.millrace.engine.backend;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.sampling.RowDraws;
import java.io.IOException;
import java.util.Optional;

/**
 * The device a forward pass runs on: makes tensors and computes coarse operations over them.
 *
 * <p>How a weight is quantised is a property of its {@link Tensor} and is dispatched inside {@link
 * #matmul}. Weights of a quantised type are multiplied with activations rounded to int8 in blocks
 * of 32, with one float32 scale each: the sum of a weight's sub-block (see {@link
 * io.millrace.engine.quant.BlockFormat}) is exact in integers, and sub-blocks are added in order
 * with fused multiply-adds, of types with minima each followed by minimum times the activations'
 * own sum. All other weights are multiplied with float32 activations.
 *
 * <p>Operations run in the order they are called, perhaps after the call returns; {@link #read}
 * waits. The order of every reduction depends only on the length of its own row (for attention: on
 * its own position), never on the other rows, the number of threads or the block ids, so that a row
 * comes out the same, to the bit, in any company.
 *
 * <p>Not thread-safe: a backend belongs to the thread that calls it. Several models may share one,
 * a target and its draft for example; their steps then take turns.
 */
public interface Backend extends AutoCloseable {

  /** Short name for logs and records: {@code cpu-scalar}, {@code cpu-vector}. */
  String name();

  /** What its device tells of itself; empty where it has no meters of its own. */
  default Optional<DeviceMeters> meters() {
    return Optional.empty();
  }

  /** Whether {@link #matmul} can multiply with weights of this type. */
  boolean supports(GgmlType type);

  // ---- storage

  /**
   * Loads a weight, packed as this backend likes it. A vector is a matrix of one row.
   *
   * @param name the tensor's name, for error messages
   * @param rows outputs, at least 1
   * @param columns inputs, at least 1, a multiple of the type's block
   * @throws IllegalArgumentException if the type is not supported or the tensor too large
   * @throws IOException if the data cannot be read
   */
  Tensor weight(String name, GgmlType type, int rows, int columns, TensorData data)
      throws IOException;

  /** A buffer of activations, float32 {@code [rows][columns]}, all 0. */
  Tensor activations(int rows, int columns);

  /**
   * A cache of keys and values, each {@code [layers][blocks x blockTokens][kvHeads][headDim]}.
   *
   * <p>{@link KvType#F16} keeps every element rounded to binary16, halves to even. {@link
   * KvType#INT8} keeps each vector of {@code headDim} elements x as integers {@code n = round(x /
   * s)}, halves to even, and their float32 scale {@code s = max |x| / 127}. All attention reads the
   * rounded vectors, also those of the step that wrote them, so that chunks and a prefix found
   * again change nothing. A score is {@code (sum over i of q[i] x n[i]) x s} in float32; a value is
   * weighted with {@code weight x s}, rounded once. Nothing else is rounded: neither queries nor
   * weights.
   *
   * <p>One scale a vector, and not one for every 32 elements: it leaves the sums over elements
   * before it is applied, so that it costs nothing in the inner loops; docs/BENCHMARKS.md says what
   * finer scales would gain, and take.
   */
  KvCache kvCache(KvType type, int layers, int blocks, int blockTokens, int kvHeads, int headDim);

  // ---- one step

  /**
   * Makes {@code batch} the one that the following operations work on, until the next call. The
   * batch must have been checked against the model and must not change meanwhile.
   */
  void begin(ForwardBatch batch);

  /** {@code out[row] = table[tokens[row]]} for every row of the batch. */
  void embed(Tensor table, Tensor out);

  /**
   * Cosine and sine of every rotation of every row of the batch: {@code out[row][2i] = magnitude x
   * cos(positions[row] x frequencies[i])}, {@code out[row][2i + 1] = magnitude x sin(...)}.
   *
   * @param frequencies float32 weight {@code [1][pairs]}, radians per position
   * @param magnitude what the rotation multiplies lengths by
   * @param out {@code [rows][2 x pairs]}
   */
  void ropeAngles(Tensor frequencies, float magnitude, Tensor out);

  /**
   * {@code out = x / sqrt(mean(x^2) + epsilon) * weight}, row by row; {@code out} may be x. Where
   * the weight is shorter than x's rows, every part of that length is normalised by itself: the
   * heads of queries and keys.
   *
   * @param weight {@code [1][x.columns()]}, or a divisor of it
   */
  void rmsNorm(int rows, Tensor x, Tensor weight, float epsilon, Tensor out);

  /** {@code out[row][o] = sum over i of weight[o][i] * x[row][i]}. */
  void matmul(int rows, Tensor weight, Tensor x, Tensor out);

  /**
   * Turns the leading {@code angles.columns()} elements of every head of every row of the batch, in
   * place.
   *
   * @param x {@code [rows][heads x headDim]}
   */
  void rope(Tensor angles, RopePairs pairs, int headDim, Tensor x);

  /**
   * Writes the batch's keys and values to its slots.
   *
   * @param k {@code [rows][kvHeads x headDim]}
   * @param v {@code [rows][kvHeads x headDim]}
   */
  void storeKv(Tensor k, Tensor v, KvCache cache, int layer);

  /**
   * Causal attention of every row of the batch to the positions it sees up to its own, found
   * through its segment's block table. Query head h reads KV head h x kvHeads / heads.
   *
   * @param q {@code [rows][heads x headDim]}
   * @param out {@code [rows][heads x headDim]}
   */
  void attention(Tensor q, KvCache cache, int layer, AttentionSpec spec, Tensor out);

  /** Gated linear unit: {@code gate = activation(gate) * up}, element by element. */
  void glu(Activation activation, int rows, Tensor gate, Tensor up);

  /** {@code x += y}, element by element. */
  void add(int rows, Tensor x, Tensor y);

  /** {@code x[row] += bias} for every row. */
  void addBias(int rows, Tensor x, Tensor bias);

  /**
   * Activations with their columns in another order: {@code out[row][i] = x[row][order[i]]}.
   *
   * @param order float32 weight {@code [1][columns]} that holds whole numbers below {@code columns}
   * @return {@code out}, the backend's own, valid until this is called again
   */
  Tensor reorder(int rows, Tensor x, Tensor order);

  /** {@code x *= factor}, element by element. */
  void scale(int rows, Tensor x, float factor);

  /** {@code x = cap * tanh(x / cap)}, element by element. */
  void softCap(int rows, Tensor x, float cap);

  /** {@code out[i] = x[logitsRows[i]]} for the batch's rows whose logits are wanted. */
  void gather(Tensor x, Tensor out);

  /** Waits for the operations before it and copies the first rows to {@code into}, row-major. */
  void read(int rows, Tensor x, float[] into);

  /** Whether it can {@link #draw}. */
  default boolean draws() {
    return false;
  }

  /**
   * Waits for the operations before it and draws a token from each of the first rows of logits, as
   * {@link io.millrace.engine.sampling.Sampler} does: what {@link #read} would have to carry stays
   * where it is.
   *
   * @param logits {@code [rows][vocabulary and perhaps more]}
   * @param tokens gets a token for each row, -1 where none can be drawn
   * @throws UnsupportedOperationException unless it {@link #draws}
   */
  default void draw(Tensor logits, RowDraws draws, int[] tokens) {
    throw new UnsupportedOperationException(name() + " draws no tokens");
  }

  /** Stops the backend's threads. Tensors stay valid until they are closed themselves. */
  @Override
  void close();
}
