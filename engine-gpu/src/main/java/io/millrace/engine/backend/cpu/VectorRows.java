package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Operations on single rows of whole vectors: strides are multiples of the vector's length. */
final class VectorRows {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();

  private final float[] lanes = new float[LANES];

  /** One row of RMS normalisation; padding is 0 and adds nothing to the mean of {@code columns}. */
  void rmsNorm(
      float[] x, int at, int stride, int columns, float[] gain, float epsilon, float[] out) {
    FloatVector squares = FloatVector.zero(F);
    for (int i = 0; i < stride; i += LANES) {
      FloatVector v = FloatVector.fromArray(F, x, at + i);
      squares = v.fma(v, squares);
    }
    squares.intoArray(lanes, 0);
    float mean = VectorMath.sumLanes(lanes, 0) / columns;
    float factor = (float) (1 / Math.sqrt(mean + epsilon));
    for (int i = 0; i < stride; i += LANES) {
      FloatVector.fromArray(F, x, at + i)
          .mul(factor)
          .mul(FloatVector.fromArray(F, gain, i))
          .intoArray(out, at + i);
    }
  }

  /**
   * RMS normalisation of every part of a row by itself.
   *
   * @param columns elements of the row, a multiple of {@code part}
   */
  void rmsNormParts(
      float[] x, int at, int columns, int part, float[] gain, float epsilon, float[] out) {
    for (int start = at; start < at + columns; start += part) {
      if (part % LANES == 0) {
        rmsNorm(x, start, part, part, gain, epsilon, out);
      } else {
        rmsNormOneByOne(x, start, part, gain, epsilon, out);
      }
    }
  }

  /** For parts that no vector's length divides. */
  private static void rmsNormOneByOne(
      float[] x, int at, int part, float[] gain, float epsilon, float[] out) {
    float squares = 0f;
    for (int i = 0; i < part; i++) {
      squares += x[at + i] * x[at + i];
    }
    float factor = (float) (1 / Math.sqrt(squares / part + epsilon));
    for (int i = 0; i < part; i++) {
      out[at + i] = x[at + i] * factor * gain[i];
    }
  }

  /** {@code x += y} over {@code [0, to)}. */
  static void add(float[] x, float[] y, int to) {
    for (int i = 0; i < to; i += LANES) {
      FloatVector.fromArray(F, x, i).add(FloatVector.fromArray(F, y, i)).intoArray(x, i);
    }
  }

  /** {@code x[row] += bias} for every row of whole vectors. */
  static void addBias(float[] x, float[] bias, int rows, int stride) {
    for (int at = 0; at < rows * stride; at += stride) {
      for (int i = 0; i < stride; i += LANES) {
        FloatVector.fromArray(F, x, at + i)
            .add(FloatVector.fromArray(F, bias, i))
            .intoArray(x, at + i);
      }
    }
  }
}
