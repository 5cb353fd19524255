package io.millrace.engine.backend.cuda.ptx;

import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/**
 * Arithmetic on floats and doubles; null for what is none of it. Approximate functions are rounded
 * correctly here.
 */
final class FloatOps {
  private static final double LN_2 = Math.log(2);

  private FloatOps() {}

  static Step compile(PtxStatement s, Operands o) {
    return s.type().equals("f64") ? wide(s, o) : narrow(s, o);
  }

  private static Step narrow(PtxStatement s, Operands o) {
    boolean flush = s.has("ftz");
    boolean saturate = s.has("sat");
    int d = o.narrow(s.operand(0));
    int a = o.narrow(s.operand(1));
    Lanes.Float1 one = one(s);
    if (one != null) {
      return Lanes.float1(d, a, flush ? x -> flush(one.apply(flush(x))) : one);
    }
    if (s.name().equals("fma") || s.name().equals("mad")) {
      Lanes.Float3 exact = fma(s);
      Lanes.Float3 three = saturate ? (x, y, z) -> saturate(exact.apply(x, y, z)) : exact;
      return Lanes.float3(
          d,
          a,
          o.narrow(s.operand(2)),
          o.narrow(s.operand(3)),
          flush ? (x, y, z) -> flush(three.apply(flush(x), flush(y), flush(z))) : three);
    }
    Lanes.Float2 exact = two(s);
    if (exact == null) {
      return null;
    }
    Lanes.Float2 two = saturate ? (x, y) -> saturate(exact.apply(x, y)) : exact;
    return Lanes.float2(
        d, a, o.narrow(s.operand(2)), flush ? (x, y) -> flush(two.apply(flush(x), flush(y))) : two);
  }

  private static Lanes.Float1 one(PtxStatement s) {
    return switch (s.name()) {
      case "neg" -> x -> -x;
      case "abs" -> Math::abs;
      case "sqrt" -> x -> (float) Math.sqrt(x);
      case "rsqrt" -> x -> (float) (1 / Math.sqrt(x));
      case "rcp" -> x -> 1 / x;
      case "ex2" -> x -> (float) Math.pow(2, x);
      case "lg2" -> x -> (float) (Math.log(x) / LN_2);
      case "sin" -> x -> (float) Math.sin(x);
      case "cos" -> x -> (float) Math.cos(x);
      case "tanh" -> x -> (float) Math.tanh(x);
      default -> null;
    };
  }

  private static Lanes.Float2 two(PtxStatement s) {
    boolean nan = s.has("NaN");
    if (s.has("rz") || s.has("rm") || s.has("rp")) {
      return switch (s.name()) {
        case "add" -> (a, b) -> round(s, (double) a + b);
        case "sub" -> (a, b) -> round(s, (double) a - b);
        case "mul" -> (a, b) -> round(s, (double) a * b);
        case "div" -> (a, b) -> round(s, (double) a / b);
        default -> null;
      };
    }
    return switch (s.name()) {
      case "add" -> (a, b) -> a + b;
      case "sub" -> (a, b) -> a - b;
      case "mul" -> (a, b) -> a * b;
      case "div" -> (a, b) -> a / b;
      case "min" ->
          nan ? Math::min : (a, b) -> Float.isNaN(a) ? b : Float.isNaN(b) ? a : Math.min(a, b);
      case "max" ->
          nan ? Math::max : (a, b) -> Float.isNaN(a) ? b : Float.isNaN(b) ? a : Math.max(a, b);
      case "copysign" -> (a, b) -> Math.copySign(b, Math.copySign(1, a));
      default -> null;
    };
  }

  private static Lanes.Float3 fma(PtxStatement s) {
    if (s.has("rz") || s.has("rm") || s.has("rp")) {
      return (a, b, c) -> round(s, Math.fma((double) a, b, c));
    }
    return Math::fma;
  }

  /** Rounds toward 0, down or up. The double itself may have been rounded before, to 53 bits. */
  static float round(PtxStatement s, double exact) {
    float nearest = (float) exact;
    if (nearest == exact || Double.isNaN(exact)) {
      return nearest;
    }
    boolean down = s.has("rm") || (s.has("rz") && exact > 0);
    return down
        ? (nearest > exact ? Math.nextDown(nearest) : nearest)
        : (nearest < exact ? Math.nextUp(nearest) : nearest);
  }

  private static float flush(float x) {
    return Math.abs(x) < Float.MIN_NORMAL ? Math.copySign(0, x) : x;
  }

  /** To 0 to 1; NaN becomes 0. */
  static float saturate(float x) {
    return x > 0 ? Math.min(x, 1) : 0;
  }

  private static Step wide(PtxStatement s, Operands o) {
    int d = o.wide(s.operand(0));
    int a = o.wide(s.operand(1));
    DoubleUnaryOperator one =
        switch (s.name()) {
          case "neg" -> x -> -x;
          case "abs" -> Math::abs;
          case "sqrt" -> Math::sqrt;
          case "rsqrt" -> x -> 1 / Math.sqrt(x);
          case "rcp" -> x -> 1 / x;
          default -> null;
        };
    if (one != null) {
      return Lanes.double1(d, a, one);
    }
    if (s.name().equals("fma") || s.name().equals("mad")) {
      return Lanes.double3(d, a, o.wide(s.operand(2)), o.wide(s.operand(3)), Math::fma);
    }
    DoubleBinaryOperator two =
        switch (s.name()) {
          case "add" -> (x, y) -> x + y;
          case "sub" -> (x, y) -> x - y;
          case "mul" -> (x, y) -> x * y;
          case "div" -> (x, y) -> x / y;
          case "min" -> (x, y) -> Double.isNaN(x) ? y : Double.isNaN(y) ? x : Math.min(x, y);
          case "max" -> (x, y) -> Double.isNaN(x) ? y : Double.isNaN(y) ? x : Math.max(x, y);
          case "copysign" -> (x, y) -> Math.copySign(y, Math.copySign(1, x));
          default -> null;
        };
    return two == null ? null : Lanes.double2(d, a, o.wide(s.operand(2)), two);
  }
}
