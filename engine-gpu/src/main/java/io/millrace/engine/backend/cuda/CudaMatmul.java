package io.millrace.engine.backend.cuda;

/**
 * Weights times activations. Weights of a quantised type and of binary16 want their activations in
 * a form of their own, which is made once for all weights that read the same activations: queries,
 * keys and values; gate and up.
 */
final class CudaMatmul implements AutoCloseable {
  private static final int WARP = 32;

  private final Kernels kernels;
  private final Launches launches;
  private final GemmGroup gemms;
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

  CudaMatmul(
      Kernels kernels,
      Launches launches,
      CudaMemory memory,
      Runnable beforeFreeing,
      int multiprocessors) {
    this.kernels = kernels;
    this.launches = launches;
    gemms = new GemmGroup(kernels, launches, memory, beforeFreeing, multiprocessors);
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
    int tile = GemmGroup.rowsOfBlock(weight.form(), rows);
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
    gemms.add(weight, out, new GemmGroup.Inputs(hi, lo, ofRows, rows, paddedRows, padded));
  }

  private void int8(int rows, CudaWeight weight, CudaTensor x, CudaTensor out) {
    int padded = weight.paddedColumns();
    int tile = GemmGroup.rowsOfBlock(weight.form(), rows);
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
    gemms.add(weight, out, new GemmGroup.Inputs(ofQuants, ofScales, 0, rows, paddedRows, padded));
  }

  static int ceil(int n, int of) {
    return (int) (((long) n + of - 1) / of);
  }

  @Override
  public void close() {
    gemms.close();
    for (Scratch scratch : new Scratch[] {quants, scales, sums, high, low, rowScales}) {
      scratch.close();
    }
  }
}
