package io.millrace.engine.backend.cuda.ptx;

import io.millrace.engine.quant.HalfFloats;

/** Arithmetic on f16 and bf16 and on pairs of them; null for what is none of it. */
final class HalfOps {
  private HalfOps() {}

  static Step compile(PtxStatement s, Operands o) {
    boolean brain = s.type().startsWith("bf");
    boolean pair = s.type().endsWith("x2");
    int d = o.narrow(s.operand(0));
    int a = o.narrow(s.operand(1));
    Lanes.Float1 one = one(s);
    if (one != null) {
      return Lanes.int1(
          d, a, x -> both(pair, half -> from(one.apply(to(x >> half, brain)), brain)));
    }
    int b = o.narrow(s.operand(2));
    if (s.name().equals("fma")) {
      boolean relu = s.has("relu");
      int c = o.narrow(s.operand(3));
      return Lanes.int3(
          d,
          a,
          b,
          c,
          (x, y, z) ->
              both(
                  pair,
                  half -> {
                    double product = (double) to(x >> half, brain) * to(y >> half, brain);
                    float sum = odd(product + to(z >> half, brain));
                    return from(relu ? Math.max(sum, 0) : sum, brain);
                  }));
    }
    Lanes.Float2 two = two(s);
    return two == null
        ? null
        : Lanes.int2(
            d,
            a,
            b,
            (x, y) ->
                both(
                    pair,
                    half -> from(two.apply(to(x >> half, brain), to(y >> half, brain)), brain)));
  }

  private static Lanes.Float1 one(PtxStatement s) {
    return switch (s.name()) {
      case "neg" -> x -> -x;
      case "abs" -> Math::abs;
      case "ex2" -> x -> (float) Math.pow(2, x);
      case "tanh" -> x -> (float) Math.tanh(x);
      default -> null;
    };
  }

  /** A float holds 2 x 11 + 2 bits: rounding to it first changes no result of f16. */
  private static Lanes.Float2 two(PtxStatement s) {
    boolean nan = s.has("NaN");
    return switch (s.name()) {
      case "add" -> (a, b) -> odd((double) a + b);
      case "sub" -> (a, b) -> odd((double) a - b);
      case "mul" -> (a, b) -> odd((double) a * b);
      case "min" ->
          nan ? Math::min : (a, b) -> Float.isNaN(a) ? b : Float.isNaN(b) ? a : Math.min(a, b);
      case "max" ->
          nan ? Math::max : (a, b) -> Float.isNaN(a) ? b : Float.isNaN(b) ? a : Math.max(a, b);
      default -> null;
    };
  }

  private interface Half {
    int of(int shift);
  }

  private static int both(boolean pair, Half f) {
    return pair ? (f.of(0) & 0xffff) | (f.of(16) << 16) : f.of(0) & 0xffff;
  }

  /** The float that the lower 16 bits stand for. */
  static float to(int bits, boolean brain) {
    return brain ? HalfFloats.bf16((short) bits) : HalfFloats.f16((short) bits);
  }

  /** The 16 bits of a float, rounded to nearest. */
  static int from(float x, boolean brain) {
    return (brain ? HalfFloats.toBf16(x) : HalfFloats.toF16(x)) & 0xffff;
  }

  /** Rounds to odd: what is rounded once more, to fewer bits, comes out as if rounded once. */
  static float odd(double exact) {
    float rounded = (float) exact;
    if (rounded == exact || Double.isNaN(exact) || Float.isInfinite(rounded)) {
      return rounded;
    }
    if (Math.abs((double) rounded) > Math.abs(exact)) {
      rounded = rounded > 0 ? Math.nextDown(rounded) : Math.nextUp(rounded);
    }
    return Float.intBitsToFloat(Float.floatToRawIntBits(rounded) | 1);
  }
}
