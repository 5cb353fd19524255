package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.KvType;
import io.millrace.engine.backend.RopePairs;
import java.util.ArrayList;
import java.util.List;

/**
 * Row operations that follow one another and go in one launch: a residual and the norm of it; the
 * rotations of queries and keys and the keys' way into the cache. The first is held back until the
 * next shows whether it takes it along; if anything else is launched, it is written as it is. What
 * comes out is the same, to the bit.
 */
final class RowFusion {
  private static final int GRID_ROWS_MAX = 65_535;
  private static final int THREADS = 128;

  private final Kernels kernels;
  private final Launches launches;
  private final CudaMatmul matmul;
  private final CudaRows rows;
  private final CudaElementwise elementwise;
  private final CudaAttention attention;

  // ---- held back
  private Residual residual; // null for none
  private final List<Rotation> rotations = new ArrayList<>();

  private record Residual(int rows, CudaTensor x, CudaTensor y) {}

  private record Rotation(
      StepInputs step, CudaTensor angles, RopePairs pairs, int headDim, CudaTensor x) {

    boolean alike(Rotation other) {
      return step == other.step
          && angles == other.angles
          && pairs == other.pairs
          && headDim == other.headDim
          && x != other.x;
    }
  }

  /**
   * @param rows, elementwise, attention write what is not fused
   */
  RowFusion(
      Kernels kernels,
      Launches launches,
      CudaMatmul matmul,
      CudaRows rows,
      CudaElementwise elementwise,
      CudaAttention attention) {
    this.kernels = kernels;
    this.launches = launches;
    this.matmul = matmul;
    this.rows = rows;
    this.elementwise = elementwise;
    this.attention = attention;
  }

  // ---- a residual, and the norm of it

  void add(int count, CudaTensor x, CudaTensor y) {
    launches.hold(this::writeResidual);
    residual = new Residual(count, x, y);
    matmul.written(x);
  }

  private void writeResidual() {
    Residual held = residual;
    residual = null;
    elementwise.add(held.rows(), held.x(), held.y());
  }

  void norm(int count, CudaTensor x, CudaTensor weight, float epsilon, CudaTensor out) {
    Residual held = residual;
    int n = weight.columns();
    if (held == null || held.x() != x || held.rows() != count || n != x.columns()) {
      rows.norm(count, x, weight, epsilon, out);
      return;
    }
    residual = null;
    launches.release();
    launches
        .begin(kernels.get("norm", "norm_add_rms"), count, 1, 1, CudaRows.normThreads(n))
        .pointer(x.address())
        .pointer(held.y().address())
        .pointer(weight.address())
        .pointer(out.address())
        .integer(count)
        .integer(n)
        .real(epsilon)
        .end();
    matmul.written(out);
  }

  // ---- rotations, and the way into the cache

  void rope(StepInputs step, CudaTensor angles, RopePairs pairs, int headDim, CudaTensor x) {
    Rotation next = new Rotation(step, angles, pairs, headDim, x);
    if (rotations.size() != 1 || !rotations.get(0).alike(next)) {
      launches.hold(this::writeRotations);
    }
    rotations.add(next);
    matmul.written(x);
  }

  private void writeRotations() {
    List<Rotation> held = List.copyOf(rotations);
    rotations.clear();
    for (Rotation of : held) {
      rows.rope(of.step(), of.angles(), of.pairs(), of.headDim(), of.x());
    }
  }

  void store(StepInputs step, CudaTensor k, CudaTensor v, CudaKvCache cache, int layer) {
    if (rotations.size() != 2
        || rotations.get(1).x() != k
        || rotations.get(1).headDim() != cache.headDim()
        || step.rows() > GRID_ROWS_MAX) {
      attention.store(step, k, v, cache, layer);
      return;
    }
    Rotation queries = rotations.get(0);
    int headDim = cache.headDim();
    int heads = queries.x().columns() / headDim;
    rotations.clear();
    launches.release();
    launches
        .begin(
            kernels.get("rope", "rope_store_" + cache.suffix()),
            heads + cache.kvHeads(),
            step.rows(),
            1,
            THREADS)
        .pointer(queries.angles().address())
        .pointer(queries.x().address())
        .pointer(k.address())
        .pointer(v.address())
        .pointer(cache.keys(layer))
        .pointer(cache.values(layer));
    if (cache.type() == KvType.INT8) {
      launches.pointer(cache.keyScales(layer)).pointer(cache.valueScales(layer));
    }
    launches
        .pointer(step.slots())
        .integer(heads)
        .integer(cache.kvHeads())
        .integer(headDim)
        .integer(queries.angles().columns() / 2)
        .integer(queries.pairs() == RopePairs.INTERLEAVED ? 1 : 0)
        .end();
  }
}
