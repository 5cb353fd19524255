package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * F32, F16 and BF16 weights of one group of rows x float32 activations of one tile: fused
 * multiply-adds in the order of the inputs.
 *
 * <p>Binary16 becomes binary32 by moving its bits into place, which leaves it 2^112 times too
 * small; {@link VectorInput} and the end of the kernel make up for it.
 */
final class VectorFloatKernels {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();

  private static final int F16_MASK = 0x8fffffff;
  private static final int F16_UPPER_MASK = 0x8fffe000; // and without the bits of the lower half
  private static final int BF16_MASK = 0xffff0000;

  private VectorFloatKernels() {}

  static void f32Four(
      VectorWeight w, int group, VectorInput x, int tileAt, float[] out, int at, int stride) {
    int columns = w.columns();
    float[] weights = w.floats();
    float[] values = x.values;
    int wAt = group * w.groupElements();
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector b2 = a0;
    FloatVector b3 = a0;
    for (int k = 0; k < columns; k++) {
      FloatVector a = FloatVector.fromArray(F, weights, wAt);
      FloatVector b = FloatVector.fromArray(F, weights, wAt + LANES);
      wAt += 2 * LANES;
      int i = tileAt + 4 * k;
      FloatVector x0 = FloatVector.broadcast(F, values[i]);
      FloatVector x1 = FloatVector.broadcast(F, values[i + 1]);
      FloatVector x2 = FloatVector.broadcast(F, values[i + 2]);
      FloatVector x3 = FloatVector.broadcast(F, values[i + 3]);
      a0 = a.fma(x0, a0);
      a1 = a.fma(x1, a1);
      a2 = a.fma(x2, a2);
      a3 = a.fma(x3, a3);
      b0 = b.fma(x0, b0);
      b1 = b.fma(x1, b1);
      b2 = b.fma(x2, b2);
      b3 = b.fma(x3, b3);
    }
    a0.intoArray(out, at);
    b0.intoArray(out, at + LANES);
    a1.intoArray(out, at + stride);
    b1.intoArray(out, at + stride + LANES);
    a2.intoArray(out, at + 2 * stride);
    b2.intoArray(out, at + 2 * stride + LANES);
    a3.intoArray(out, at + 3 * stride);
    b3.intoArray(out, at + 3 * stride + LANES);
  }

  static void f32One(VectorWeight w, int group, VectorInput x, int tileAt, float[] out, int at) {
    int columns = w.columns();
    float[] weights = w.floats();
    float[] values = x.values;
    int wAt = group * w.groupElements();
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    for (int k = 0; k < columns; k++) {
      FloatVector xk = FloatVector.broadcast(F, values[tileAt + k]);
      a = FloatVector.fromArray(F, weights, wAt).fma(xk, a);
      b = FloatVector.fromArray(F, weights, wAt + LANES).fma(xk, b);
      wAt += 2 * LANES;
    }
    a.intoArray(out, at);
    b.intoArray(out, at + LANES);
  }

  static void f16Four(
      VectorWeight w, int group, VectorInput x, int tileAt, float[] out, int at, int stride) {
    int columns = w.columns();
    int[] weights = w.packed();
    float[] values = x.values;
    int wAt = group * w.groupElements();
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector b2 = a0;
    FloatVector b3 = a0;
    for (int k = 0; k < columns; k++) {
      IntVector halves = IntVector.fromArray(I, weights, wAt);
      FloatVector a =
          ((FloatVector)
              halves
                  .lanewise(VectorOperators.LSHL, 16)
                  .lanewise(VectorOperators.ASHR, 3)
                  .and(F16_MASK)
                  .reinterpretShape(F, 0));
      FloatVector b =
          ((FloatVector)
              halves.lanewise(VectorOperators.ASHR, 3).and(F16_UPPER_MASK).reinterpretShape(F, 0));
      wAt += LANES;
      int i = tileAt + 4 * k;
      FloatVector x0 = FloatVector.broadcast(F, values[i]);
      FloatVector x1 = FloatVector.broadcast(F, values[i + 1]);
      FloatVector x2 = FloatVector.broadcast(F, values[i + 2]);
      FloatVector x3 = FloatVector.broadcast(F, values[i + 3]);
      a0 = a.fma(x0, a0);
      a1 = a.fma(x1, a1);
      a2 = a.fma(x2, a2);
      a3 = a.fma(x3, a3);
      b0 = b.fma(x0, b0);
      b1 = b.fma(x1, b1);
      b2 = b.fma(x2, b2);
      b3 = b.fma(x3, b3);
    }
    float scale = VectorInput.F16_OUTPUT_SCALE;
    a0.mul(scale).intoArray(out, at);
    b0.mul(scale).intoArray(out, at + LANES);
    a1.mul(scale).intoArray(out, at + stride);
    b1.mul(scale).intoArray(out, at + stride + LANES);
    a2.mul(scale).intoArray(out, at + 2 * stride);
    b2.mul(scale).intoArray(out, at + 2 * stride + LANES);
    a3.mul(scale).intoArray(out, at + 3 * stride);
    b3.mul(scale).intoArray(out, at + 3 * stride + LANES);
  }

  static void f16One(VectorWeight w, int group, VectorInput x, int tileAt, float[] out, int at) {
    int columns = w.columns();
    int[] weights = w.packed();
    float[] values = x.values;
    int wAt = group * w.groupElements();
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    for (int k = 0; k < columns; k++) {
      IntVector halves = IntVector.fromArray(I, weights, wAt);
      FloatVector xk = FloatVector.broadcast(F, values[tileAt + k]);
      FloatVector lower =
          ((FloatVector)
              halves
                  .lanewise(VectorOperators.LSHL, 16)
                  .lanewise(VectorOperators.ASHR, 3)
                  .and(F16_MASK)
                  .reinterpretShape(F, 0));
      FloatVector upper =
          ((FloatVector)
              halves.lanewise(VectorOperators.ASHR, 3).and(F16_UPPER_MASK).reinterpretShape(F, 0));
      a = lower.fma(xk, a);
      b = upper.fma(xk, b);
      wAt += LANES;
    }
    a.mul(VectorInput.F16_OUTPUT_SCALE).intoArray(out, at);
    b.mul(VectorInput.F16_OUTPUT_SCALE).intoArray(out, at + LANES);
  }

  static void bf16Four(
      VectorWeight w, int group, VectorInput x, int tileAt, float[] out, int at, int stride) {
    int columns = w.columns();
    int[] weights = w.packed();
    float[] values = x.values;
    int wAt = group * w.groupElements();
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector b2 = a0;
    FloatVector b3 = a0;
    for (int k = 0; k < columns; k++) {
      IntVector halves = IntVector.fromArray(I, weights, wAt);
      FloatVector a =
          ((FloatVector) halves.lanewise(VectorOperators.LSHL, 16).reinterpretShape(F, 0));
      FloatVector b = ((FloatVector) halves.and(BF16_MASK).reinterpretShape(F, 0));
      wAt += LANES;
      int i = tileAt + 4 * k;
      FloatVector x0 = FloatVector.broadcast(F, values[i]);
      FloatVector x1 = FloatVector.broadcast(F, values[i + 1]);
      FloatVector x2 = FloatVector.broadcast(F, values[i + 2]);
      FloatVector x3 = FloatVector.broadcast(F, values[i + 3]);
      a0 = a.fma(x0, a0);
      a1 = a.fma(x1, a1);
      a2 = a.fma(x2, a2);
      a3 = a.fma(x3, a3);
      b0 = b.fma(x0, b0);
      b1 = b.fma(x1, b1);
      b2 = b.fma(x2, b2);
      b3 = b.fma(x3, b3);
    }
    a0.intoArray(out, at);
    b0.intoArray(out, at + LANES);
    a1.intoArray(out, at + stride);
    b1.intoArray(out, at + stride + LANES);
    a2.intoArray(out, at + 2 * stride);
    b2.intoArray(out, at + 2 * stride + LANES);
    a3.intoArray(out, at + 3 * stride);
    b3.intoArray(out, at + 3 * stride + LANES);
  }

  static void bf16One(VectorWeight w, int group, VectorInput x, int tileAt, float[] out, int at) {
    int columns = w.columns();
    int[] weights = w.packed();
    float[] values = x.values;
    int wAt = group * w.groupElements();
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    for (int k = 0; k < columns; k++) {
      IntVector halves = IntVector.fromArray(I, weights, wAt);
      FloatVector xk = FloatVector.broadcast(F, values[tileAt + k]);
      a =
          ((FloatVector) halves.lanewise(VectorOperators.LSHL, 16).reinterpretShape(F, 0))
              .fma(xk, a);
      b = ((FloatVector) halves.and(BF16_MASK).reinterpretShape(F, 0)).fma(xk, b);
      wAt += LANES;
    }
    a.intoArray(out, at);
    b.intoArray(out, at + LANES);
  }
}
