package io.millrace.engine.backend.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;

/** Random numbers, and comparison with a reference in double precision. */
final class Near {
  private Near() {}

  /** Numbers between -range and range. */
  static float[] floats(Random random, int count, double range) {
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = (float) ((random.nextDouble() * 2 - 1) * range);
    }
    return x;
  }

  /** Element by element, within a part of the reference's greatest magnitude. */
  static void assertNear(float[] actual, double[] expected, double tolerance) {
    assertThat(actual).hasSameSizeAs(expected);
    double greatest = 0;
    for (double x : expected) {
      greatest = Math.max(greatest, Math.abs(x));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i])
          .as("element %d", i)
          .isCloseTo(expected[i], within(tolerance * greatest));
    }
  }
}
