package io.millrace.engine.backend.cuda.ptx;

import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/** Steps that compute the same function in each lane, from the places of its operands. */
final class Lanes {
  private Lanes() {}

  /** A function of three 32-bit numbers. */
  interface Int3 {
    int apply(int a, int b, int c);
  }

  /** A function of three 64-bit numbers. */
  interface Long3 {
    long apply(long a, long b, long c);
  }

  /** A function of one float. */
  interface Float1 {
    float apply(float a);
  }

  /** A function of two floats. */
  interface Float2 {
    float apply(float a, float b);
  }

  /** A function of three floats. */
  interface Float3 {
    float apply(float a, float b, float c);
  }

  /** A function of three doubles. */
  interface Double3 {
    double apply(double a, double b, double c);
  }

  static Step int1(int d, int a, IntUnaryOperator f) {
    return (w, who) -> {
      w.needR(a, who);
      int[] r = w.r;
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        r[d + lane] = f.applyAsInt(r[a + lane]);
      }
      w.wroteR(d, who);
    };
  }

  static Step int2(int d, int a, int b, IntBinaryOperator f) {
    return (w, who) -> {
      w.needR(a, who);
      w.needR(b, who);
      int[] r = w.r;
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        r[d + lane] = f.applyAsInt(r[a + lane], r[b + lane]);
      }
      w.wroteR(d, who);
    };
  }

  static Step int3(int d, int a, int b, int c, Int3 f) {
    return (w, who) -> {
      w.needR(a, who);
      w.needR(b, who);
      w.needR(c, who);
      int[] r = w.r;
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        r[d + lane] = f.apply(r[a + lane], r[b + lane], r[c + lane]);
      }
      w.wroteR(d, who);
    };
  }

  static Step long1(int d, int a, LongUnaryOperator f) {
    return (w, who) -> {
      w.needQ(a, who);
      long[] q = w.q;
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        q[d + lane] = f.applyAsLong(q[a + lane]);
      }
      w.wroteQ(d, who);
    };
  }

  static Step long2(int d, int a, int b, LongBinaryOperator f) {
    return (w, who) -> {
      w.needQ(a, who);
      w.needQ(b, who);
      long[] q = w.q;
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        q[d + lane] = f.applyAsLong(q[a + lane], q[b + lane]);
      }
      w.wroteQ(d, who);
    };
  }

  static Step long3(int d, int a, int b, int c, Long3 f) {
    return (w, who) -> {
      w.needQ(a, who);
      w.needQ(b, who);
      w.needQ(c, who);
      long[] q = w.q;
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        q[d + lane] = f.apply(q[a + lane], q[b + lane], q[c + lane]);
      }
      w.wroteQ(d, who);
    };
  }

  /** {@code d} and {@code a} of 64 bits, {@code b} of 32: shifts. */
  static Step longInt(int d, int a, int b, LongBinaryOperator f) {
    return (w, who) -> {
      w.needQ(a, who);
      w.needR(b, who);
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        w.q[d + lane] = f.applyAsLong(w.q[a + lane], w.r[b + lane] & 0xffffffffL);
      }
      w.wroteQ(d, who);
    };
  }

  /** {@code d} of 32 bits, {@code a} of 64: counts of bits. */
  static Step longToInt(int d, int a, LongUnaryOperator f) {
    return (w, who) -> {
      w.needQ(a, who);
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        w.r[d + lane] = (int) f.applyAsLong(w.q[a + lane]);
      }
      w.wroteR(d, who);
    };
  }

  /** {@code d} of 64 bits, {@code a} and {@code b} of 32, {@code c} of 64 or absent: -1. */
  static Step widening(int d, int a, int b, int c, boolean signed) {
    return (w, who) -> {
      w.needR(a, who);
      w.needR(b, who);
      if (c >= 0) {
        w.needQ(c, who);
      }
      long mask = signed ? -1 : 0xffffffffL;
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        long product = (w.r[a + lane] & mask) * (w.r[b + lane] & mask);
        w.q[d + lane] = c >= 0 ? product + w.q[c + lane] : product;
      }
      w.wroteQ(d, who);
    };
  }

  static Step float1(int d, int a, Float1 f) {
    return int1(d, a, x -> Float.floatToRawIntBits(f.apply(Float.intBitsToFloat(x))));
  }

  static Step float2(int d, int a, int b, Float2 f) {
    return int2(
        d,
        a,
        b,
        (x, y) ->
            Float.floatToRawIntBits(f.apply(Float.intBitsToFloat(x), Float.intBitsToFloat(y))));
  }

  static Step float3(int d, int a, int b, int c, Float3 f) {
    return int3(
        d,
        a,
        b,
        c,
        (x, y, z) ->
            Float.floatToRawIntBits(
                f.apply(
                    Float.intBitsToFloat(x), Float.intBitsToFloat(y), Float.intBitsToFloat(z))));
  }

  static Step double1(int d, int a, DoubleUnaryOperator f) {
    return long1(
        d, a, x -> Double.doubleToRawLongBits(f.applyAsDouble(Double.longBitsToDouble(x))));
  }

  static Step double2(int d, int a, int b, DoubleBinaryOperator f) {
    return long2(
        d,
        a,
        b,
        (x, y) ->
            Double.doubleToRawLongBits(
                f.applyAsDouble(Double.longBitsToDouble(x), Double.longBitsToDouble(y))));
  }

  static Step double3(int d, int a, int b, int c, Double3 f) {
    return long3(
        d,
        a,
        b,
        c,
        (x, y, z) ->
            Double.doubleToRawLongBits(
                f.apply(
                    Double.longBitsToDouble(x),
                    Double.longBitsToDouble(y),
                    Double.longBitsToDouble(z))));
  }
}
