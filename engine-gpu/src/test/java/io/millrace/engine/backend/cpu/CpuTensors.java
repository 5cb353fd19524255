package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.Tensor;

/** Writes activations of the CPU's backends past their interface. */
public final class CpuTensors {
  private CpuTensors() {}

  /** Writes the first elements, row-major. */
  public static void fill(Tensor tensor, float[] x) {
    FloatTensor to = FloatTensor.of(tensor);
    for (int at = 0; at < x.length; at++) {
      int row = at / to.columns();
      to.write()[row * to.stride() + at % to.columns()] = x[at];
    }
  }
}
