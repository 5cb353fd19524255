package io.millrace.engine.backend.cuda.ptx;

import io.millrace.engine.backend.cuda.ptx.Conversions.Convert;

/** Conversions from and to floating-point types. */
final class FloatCasts {
  private FloatCasts() {}

  static Convert floats(PtxStatement s, String from, String to) {
    boolean whole = s.has("rni") || s.has("rzi") || s.has("rmi") || s.has("rpi");
    boolean directed = s.has("rz") || s.has("rm") || s.has("rp");
    boolean flush = s.has("ftz");
    return bits -> {
      double x = read(bits, from);
      if (flush && from.equals("f32") && Math.abs(x) < Float.MIN_NORMAL) {
        x = Math.copySign(0, x);
      }
      if (whole) {
        x = whole(s, x);
      }
      if (s.has("sat")) {
        x = x > 0 ? Math.min(x, 1) : 0;
      }
      if (s.has("relu")) {
        x = x > 0 ? x : 0;
      }
      if (directed && to.equals("f32")) {
        return Float.floatToRawIntBits(FloatOps.round(s, x));
      }
      if (directed && !to.equals("f64")) {
        throw s.unsupported("this rounding is not known");
      }
      return write(x, to);
    };
  }

  /** Out of range becomes the nearest integer of the type, NaN 0. */
  static Convert toInteger(PtxStatement s, String from, String to) {
    int size = Integer.parseInt(to.substring(1));
    boolean signed = to.charAt(0) == 's';
    return bits -> {
      double x = whole(s, read(bits, from));
      if (size == 64) {
        return signed || x < 0x1p63
            ? Math.max(signed ? Long.MIN_VALUE : 0, (long) x)
            : x >= 0x1p64 ? -1 : (long) (x - 0x1p63) + Long.MIN_VALUE;
      }
      long least = signed ? -1L << (size - 1) : 0;
      long most = signed ? ~least : (1L << size) - 1;
      return Math.max(least, Math.min(most, (long) x));
    };
  }

  static Convert toFloat(PtxStatement s, String from, String to) {
    boolean directed = s.has("rz") || s.has("rm") || s.has("rp");
    return bits -> {
      long value = Conversions.integer(bits, from);
      if (from.equals("u64") && value < 0) { // halve, keeping what was lost, and double again
        double half = (value >>> 1) | (value & 1);
        return to.equals("f32")
            ? Float.floatToRawIntBits((float) ((value >>> 1) | (value & 1)) * 2)
            : write(half * 2, to);
      }
      if (to.equals("f32")) {
        return Float.floatToRawIntBits(
            directed ? FloatOps.round(s, (double) value) : (float) value);
      }
      return write((double) value, to);
    };
  }

  private static double whole(PtxStatement s, double x) {
    if (s.has("rni")) {
      return Math.rint(x);
    }
    if (s.has("rmi")) {
      return Math.floor(x);
    }
    return s.has("rpi") ? Math.ceil(x) : x < 0 ? Math.ceil(x) : Math.floor(x);
  }

  private static double read(long bits, String type) {
    return switch (type) {
      case "f64" -> Double.longBitsToDouble(bits);
      case "f32" -> Float.intBitsToFloat((int) bits);
      case "f16" -> HalfOps.to((int) bits, false);
      case "bf16" -> HalfOps.to((int) bits, true);
      default -> throw new PtxFault("type " + type + " is not known");
    };
  }

  private static long write(double x, String type) {
    return switch (type) {
      case "f64" -> Double.doubleToRawLongBits(x);
      case "f32" -> Float.floatToRawIntBits((float) x);
      case "f16" -> HalfOps.from(HalfOps.odd(x), false);
      case "bf16" -> HalfOps.from(HalfOps.odd(x), true);
      default -> throw new PtxFault("type " + type + " is not known");
    };
  }
}
