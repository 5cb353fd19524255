package io.millrace.engine.backend.cuda.kernels;

import static io.millrace.engine.backend.cuda.kernels.KernelRun.ceilDiv;

import io.millrace.engine.backend.cuda.kernels.KernelRun.Array;

/**
 * Activations in int8 as quantise_q8 leaves them.
 *
 * @param quants int8 [padded rows][padded columns]
 * @param scales float32 [padded rows][padded columns / 32]
 * @param sums int32, like the scales
 */
record Activations8(Array quants, Array scales, Array sums) {

  static Activations8 of(KernelRun run, float[] x, int rows, int columns, int padRows, int pad) {
    Array quants = run.empty(padRows * pad);
    Array scales = run.empty(padRows * pad / 8);
    Array sums = run.empty(padRows * pad / 8);
    run.launch(
        "quantise",
        "quantise_q8",
        ceilDiv(pad, 128),
        padRows,
        1,
        32,
        run.floats(x),
        quants,
        scales,
        sums,
        rows,
        columns,
        pad);
    return new Activations8(quants, scales, sums);
  }
}
