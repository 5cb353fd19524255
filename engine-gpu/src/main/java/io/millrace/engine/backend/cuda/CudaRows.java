package io.millrace.engine.backend.cuda;

import static io.millrace.engine.backend.cuda.CudaMatmul.ceil;

import io.millrace.engine.backend.RopePairs;
import io.millrace.engine.backend.Tensor;

/** Operations on rows: embedding, norms, rotations, and rows or columns moved. */
final class CudaRows {
  private static final int MOVING_THREADS = 256;
  private static final int THREADS = 128;

  private final Kernels kernels;
  private final Launches launches;
  private final CudaMatmul matmul;

  /**
   * @param matmul is told of what is written
   */
  CudaRows(Kernels kernels, Launches launches, CudaMatmul matmul) {
    this.kernels = kernels;
    this.launches = launches;
    this.matmul = matmul;
  }

  void embed(StepInputs step, Tensor table, CudaTensor out) {
    boolean packed = table instanceof CudaWeight;
    CudaWeight weight = packed ? CudaWeight.of(table) : null;
    long vector = packed ? 0 : CudaTensor.of(table).address(); // a vocabulary of one
    String suffix = packed ? weight.form().suffix() : "f32";
    launches.begin(kernels.get("embed", "embed_" + suffix), step.rows(), 1, 1, THREADS);
    if (packed) {
      weight.addTo(launches);
    } else {
      launches.pointer(vector);
    }
    launches
        .pointer(step.tokens())
        .pointer(out.address())
        .integer(step.rows())
        .integer(table.columns());
    if (packed) {
      weight.addLastTo(launches);
    }
    launches.end();
    matmul.written(out);
  }

  void ropeAngles(StepInputs step, CudaTensor frequencies, float magnitude, CudaTensor out) {
    int rows = step.rows();
    int pairs = frequencies.columns();
    int threads = Math.multiplyExact(rows, pairs);
    launches
        .begin(kernels.get("rope", "rope_angles"), ceil(threads, THREADS), 1, 1, THREADS)
        .pointer(frequencies.address())
        .pointer(step.positions())
        .pointer(out.address())
        .integer(rows)
        .integer(pairs)
        .real(magnitude)
        .end();
    matmul.written(out);
  }

  void rope(StepInputs step, CudaTensor angles, RopePairs pairs, int headDim, CudaTensor x) {
    int heads = x.columns() / headDim;
    int turned = angles.columns() / 2;
    int threads = Math.multiplyExact(Math.multiplyExact(step.rows(), heads), turned);
    launches
        .begin(kernels.get("rope", "rope_rotate"), ceil(threads, THREADS), 1, 1, THREADS)
        .pointer(angles.address())
        .pointer(x.address())
        .integer(step.rows())
        .integer(heads)
        .integer(headDim)
        .integer(turned)
        .integer(pairs == RopePairs.INTERLEAVED ? 1 : 0)
        .end();
    matmul.written(x);
  }

  /** Each part of {@code weight}'s length by itself. */
  void norm(int rows, CudaTensor x, CudaTensor weight, float epsilon, CudaTensor out) {
    int n = weight.columns();
    int parts = Math.multiplyExact(rows, x.columns() / n);
    launches
        .begin(kernels.get("norm", "norm_rms"), parts, 1, 1, normThreads(n))
        .pointer(x.address())
        .pointer(weight.address())
        .pointer(out.address())
        .integer(parts)
        .integer(n)
        .real(epsilon)
        .end();
    matmul.written(out);
  }

  /** Threads of a norm's block, on which the order of its sum depends. */
  static int normThreads(int n) {
    return n <= 256 ? 32 : 256;
  }

  /** {@code out[row][i] = x[row][order[i]]}. */
  void reorder(int rows, CudaTensor x, CudaTensor order, CudaTensor out) {
    move("reorder", rows, x, order.address(), out);
  }

  /** {@code out[i] = x[wanted rows[i]]}. */
  void gather(StepInputs step, CudaTensor x, CudaTensor out) {
    move("gather", step.wanted(), x, step.logitsRows(), out);
  }

  private void move(String kernel, int rows, CudaTensor x, long by, CudaTensor out) {
    launches
        .begin(kernels.get("elementwise", kernel), rows, 1, 1, MOVING_THREADS)
        .pointer(x.address())
        .pointer(by)
        .pointer(out.address())
        .integer(rows)
        .integer(x.columns())
        .end();
    matmul.written(out);
  }
}
