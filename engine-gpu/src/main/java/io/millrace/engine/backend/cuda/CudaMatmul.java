package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.cuda.pack.PackedForm;
import java.util.Set;

/**
 * Weights times activations. Weights of a quantised type and of binary16 want their activations in
 * a form of their own, which is made once for all weights that read the same activations: queries,
 * keys and values; gate and up.
 */
final class CudaMatmul implements AutoCloseable {
  private static final int WARP = 32;
  private static final int WARPS_MAX = 8;

  /** A block of the kernels for chunks: rows, outputs, warps. */
  private static final int TILE_ROWS = 64;

  private static final int TILE_OUTPUTS = 128;
  private static final int TILE_WARPS = 8;

  /** Those that have such a kernel. */
  private static final Set<PackedForm> CHUNK_FORMS =
      Set.of(PackedForm.W16, PackedForm.W8, PackedForm.W4);

  private final Kernels kernels;
  private final Launches launches;
  private final Scratch quants;
  private final Scratch scales;
  private final Scratch sums;
  private final Scratch high;
  private final Scratch low;
  private final Scratch rowScales;

  /** Which activations the scratch memory holds, and in what form; null for none. */
  private Prepared prepared;

  private enum Form {
    INT8,
    TWO_HALVES
  }

  private record Prepared(CudaTensor x, int paddedRows, int rows, int padded, Form form) {
    boolean is(CudaTensor other, int rowsPadded, int otherRows, int otherPadded, Form otherForm) {
      return x == other
          && paddedRows == rowsPadded
          && rows == otherRows
          && padded == otherPadded
          && form == otherForm;
    }
  }

  CudaMatmul(Kernels kernels, Launches launches, CudaMemory memory, Runnable beforeFreeing) {
    this.kernels = kernels;
    this.launches = launches;
    String what = "activations as the weights' types want them";
    quants = new Scratch(memory, what, beforeFreeing);
    scales = new Scratch(memory, what, beforeFreeing);
    sums = new Scratch(memory, what, beforeFreeing);
    high = new Scratch(memory, what, beforeFreeing);
    low = new Scratch(memory, what, beforeFreeing);
    rowScales = new Scratch(memory, what, beforeFreeing);
  }

  /** Must be told of every write to activations: what was made of them is old. */
  void written(CudaTensor x) {
    if (prepared != null && prepared.x() == x) {
      prepared = null;
    }
  }

  /** Forgets what was made of any activations. */
  void forget() {
    prepared = null;
  }

  void multiply(int rows, CudaWeight weight, CudaTensor x, CudaTensor out) {
    if (weight.form().isPlain()) {
      plain(rows, weight, x, out);
    } else if (weight.form().isQuantised()) {
      int8(rows, weight, x, out);
    } else {
      halves(rows, weight, x, out);
    }
    written(out);
  }

  private void plain(int rows, CudaWeight weight, CudaTensor x, CudaTensor out) {
    int outputs = weight.rows();
    String name = "gemm_" + weight.form().suffix();
    weight.addTo(
        launches.begin(
            kernels.get("gemm_f32", name), ceil(outputs, 4), ceil(rows, 8), 1, 4 * WARP));
    launches
        .pointer(x.address())
        .pointer(out.address())
        .integer(rows)
        .integer(outputs)
        .integer(weight.columns())
        .end();
  }

  private void halves(int rows, CudaWeight weight, CudaTensor x, CudaTensor out) {
    int padded = weight.paddedColumns();
    int tile = rowsOfTile(weight.form(), rows);
    int paddedRows = ceil(rows, tile) * tile;
    long elements = (long) paddedRows * padded;
    long hi = high.reserve(2 * elements);
    long lo = low.reserve(2 * elements);
    long ofRows = rowScales.reserve(4L * paddedRows);
    if (prepared == null || !prepared.is(x, paddedRows, rows, padded, Form.TWO_HALVES)) {
      launches
          .begin(kernels.get("quantise", "quantise_split"), paddedRows, 1, 1, 256)
          .pointer(x.address())
          .pointer(hi)
          .pointer(lo)
          .pointer(ofRows)
          .integer(rows)
          .integer(x.columns())
          .integer(padded)
          .end();
      prepared = new Prepared(x, paddedRows, rows, padded, Form.TWO_HALVES);
    }
    int warps = Math.min(WARPS_MAX, padded / 32);
    weight.addTo(begin(weight, tile, paddedRows, warps));
    launches
        .pointer(hi)
        .pointer(lo)
        .pointer(ofRows)
        .pointer(out.address())
        .integer(rows)
        .integer(weight.rows())
        .integer(padded)
        .end();
  }

  private void int8(int rows, CudaWeight weight, CudaTensor x, CudaTensor out) {
    int padded = weight.paddedColumns();
    int tile = rowsOfTile(weight.form(), rows);
    int paddedRows = ceil(rows, tile) * tile;
    long elements = (long) paddedRows * padded;
    long ofQuants = quants.reserve(elements);
    long ofScales = scales.reserve(elements / 8); // 4 bytes for each block of 32
    long ofSums = sums.reserve(elements / 8);
    if (prepared == null || !prepared.is(x, paddedRows, rows, padded, Form.INT8)) {
      launches
          .begin(kernels.get("quantise", "quantise_q8"), ceil(padded, 128), paddedRows, 1, WARP)
          .pointer(x.address())
          .pointer(ofQuants)
          .pointer(ofScales)
          .pointer(ofSums)
          .integer(rows)
          .integer(x.columns())
          .integer(padded)
          .end();
      prepared = new Prepared(x, paddedRows, rows, padded, Form.INT8);
    }
    int columnsOfStep = weight.form() == PackedForm.W2 ? 128 : 64;
    int warps = Math.min(WARPS_MAX, padded / columnsOfStep);
    weight.addTo(begin(weight, tile, paddedRows, warps));
    launches
        .pointer(ofQuants)
        .pointer(ofScales)
        .pointer(out.address())
        .integer(rows)
        .integer(weight.rows())
        .integer(padded);
    weight.addLastTo(launches);
    launches.end();
  }

  private Launches begin(CudaWeight weight, int tile, int paddedRows, int warps) {
    if (paddedRows > TILE_ROWS && CHUNK_FORMS.contains(weight.form())) {
      return beginChunk(weight, paddedRows);
    }
    String module = "gemm_" + weight.form().suffix();
    return launches.begin(
        kernels.get(module, module + "_n" + tile),
        ceil(weight.rows(), 16),
        paddedRows / tile,
        1,
        WARP * warps);
  }

  /** Many rows share weights better in kernels of their own; what comes out is the same. */
  private Launches beginChunk(CudaWeight weight, int paddedRows) {
    String name = "gemm_" + weight.form().suffix() + "_tile";
    return launches.begin(
        kernels.get(name, name),
        ceil(weight.rows(), TILE_OUTPUTS),
        paddedRows / TILE_ROWS,
        1,
        WARP * TILE_WARPS);
  }

  /** Rows of activations that one block of threads multiplies with. */
  private static int rowsOfTile(PackedForm form, int rows) {
    if (form == PackedForm.ANY) { // has these two alone
      return rows <= 8 ? 8 : 64;
    }
    return rows <= 8 ? 8 : rows <= 16 ? 16 : rows <= 32 ? 32 : 64;
  }

  static int ceil(int n, int of) {
    return (int) (((long) n + of - 1) / of);
  }

  @Override
  public void close() {
    for (Scratch scratch : new Scratch[] {quants, scales, sums, high, low, rowScales}) {
      scratch.close();
    }
  }
}
