package io.millrace.engine.backend.cuda.ptx;

import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.function.LongBinaryOperator;

/** Integer arithmetic and logic of 16, 32 and 64 bits; null for what is none of it. */
final class IntegerOps {
  private IntegerOps() {}

  static Step compile(PtxStatement s, Operands o) {
    String type = s.type();
    if (type.endsWith("64")) {
      return wide(s, o, type.charAt(0) == 's');
    }
    Step permuting = BitOps.compile(s, o);
    if (permuting != null) {
      return permuting;
    }
    boolean signed = type.charAt(0) == 's';
    boolean half = type.endsWith("16");
    if (s.has("wide") && !half) {
      int c = s.name().equals("mad") ? o.wide(s.operand(3)) : -1;
      return Lanes.widening(
          o.wide(s.operand(0)), o.narrow(s.operand(1)), o.narrow(s.operand(2)), c, signed);
    }
    return narrow(s, o, signed, half);
  }

  private static Step narrow(PtxStatement s, Operands o, boolean signed, boolean half) {
    int d = o.narrow(s.operand(0));
    int a = o.narrow(s.operand(1));
    IntUnaryOperator in = !half ? x -> x : signed ? x -> (short) x : x -> x & 0xffff;
    IntUnaryOperator out = half && !s.has("wide") ? x -> x & 0xffff : x -> x;
    IntUnaryOperator one =
        switch (s.name()) {
          case "not" -> x -> ~x;
          case "neg" -> x -> -x;
          case "abs" -> Math::abs;
          case "cnot" -> x -> x == 0 ? 1 : 0;
          default -> null;
        };
    if (one != null) {
      return half
          ? Lanes.int1(d, a, x -> out.applyAsInt(one.applyAsInt(in.applyAsInt(x))))
          : Lanes.int1(d, a, one);
    }
    IntBinaryOperator two = two(s, signed, half ? 16 : 32);
    if (two == null) {
      return null;
    }
    int b = o.narrow(s.operand(2));
    if (s.name().equals("mad")) {
      int c = o.narrow(s.operand(3));
      return half
          ? Lanes.int3(
              d,
              a,
              b,
              c,
              (x, y, z) -> out.applyAsInt(two.applyAsInt(in.applyAsInt(x), in.applyAsInt(y)) + z))
          : Lanes.int3(d, a, b, c, (x, y, z) -> two.applyAsInt(x, y) + z);
    }
    boolean shift = s.name().startsWith("sh");
    return half
        ? Lanes.int2(
            d,
            a,
            b,
            (x, y) ->
                out.applyAsInt(two.applyAsInt(in.applyAsInt(x), shift ? y : in.applyAsInt(y))))
        : Lanes.int2(d, a, b, two);
  }

  private static IntBinaryOperator two(PtxStatement s, boolean signed, int bits) {
    return switch (s.name()) {
      case "add" -> s.has("sat") ? saturated((a, b) -> a + b) : (a, b) -> a + b;
      case "sub" -> s.has("sat") ? saturated((a, b) -> a - b) : (a, b) -> a - b;
      case "mul", "mad" ->
          !s.has("hi")
              ? (a, b) -> a * b
              : bits == 16
                  ? (a, b) -> a * b >> 16
                  : signed
                      ? (a, b) -> (int) ((long) a * b >> 32)
                      : (a, b) -> (int) ((a & 0xffffffffL) * (b & 0xffffffffL) >>> 32);
      case "div" ->
          signed
              ? (a, b) -> b == 0 ? -1 : a / b
              : (a, b) -> b == 0 ? -1 : Integer.divideUnsigned(a, b);
      case "rem" ->
          signed
              ? (a, b) -> b == 0 ? a : a % b
              : (a, b) -> b == 0 ? a : Integer.remainderUnsigned(a, b);
      case "min" -> signed ? Math::min : (a, b) -> Integer.compareUnsigned(a, b) < 0 ? a : b;
      case "max" -> signed ? Math::max : (a, b) -> Integer.compareUnsigned(a, b) > 0 ? a : b;
      case "and" -> (a, b) -> a & b;
      case "or" -> (a, b) -> a | b;
      case "xor" -> (a, b) -> a ^ b;
      case "shl" -> (a, b) -> Integer.compareUnsigned(b, bits) >= 0 ? 0 : a << b;
      case "shr" ->
          signed
              ? (a, b) -> a >> (Integer.compareUnsigned(b, 31) > 0 ? 31 : b)
              : (a, b) -> Integer.compareUnsigned(b, bits) >= 0 ? 0 : a >>> b;
      default -> null;
    };
  }

  private static IntBinaryOperator saturated(LongBinaryOperator f) {
    return (a, b) ->
        (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, f.applyAsLong(a, b)));
  }

  private static Step wide(PtxStatement s, Operands o, boolean signed) {
    switch (s.name()) {
      case "popc":
        return Lanes.longToInt(o.narrow(s.operand(0)), o.wide(s.operand(1)), Long::bitCount);
      case "clz":
        return Lanes.longToInt(
            o.narrow(s.operand(0)), o.wide(s.operand(1)), Long::numberOfLeadingZeros);
      case "bfi":
        return BitOps.insertWide(s, o);
      default:
        break;
    }
    int d = o.wide(s.operand(0));
    int a = o.wide(s.operand(1));
    switch (s.name()) {
      case "not":
        return Lanes.long1(d, a, x -> ~x);
      case "neg":
        return Lanes.long1(d, a, x -> -x);
      case "abs":
        return Lanes.long1(d, a, Math::abs);
      case "brev":
        return Lanes.long1(d, a, Long::reverse);
      case "shl":
        return Lanes.longInt(d, a, o.narrow(s.operand(2)), (x, n) -> n > 63 ? 0 : x << n);
      case "shr":
        return Lanes.longInt(
            d,
            a,
            o.narrow(s.operand(2)),
            signed ? (x, n) -> x >> Math.min(n, 63) : (x, n) -> n > 63 ? 0 : x >>> n);
      default:
        break;
    }
    LongBinaryOperator two = twoWide(s, signed);
    if (two == null) {
      return null;
    }
    int b = o.wide(s.operand(2));
    return s.name().equals("mad")
        ? Lanes.long3(d, a, b, o.wide(s.operand(3)), (x, y, z) -> two.applyAsLong(x, y) + z)
        : Lanes.long2(d, a, b, two);
  }

  private static LongBinaryOperator twoWide(PtxStatement s, boolean signed) {
    return switch (s.name()) {
      case "add" -> (a, b) -> a + b;
      case "sub" -> (a, b) -> a - b;
      case "mul", "mad" ->
          !s.has("hi")
              ? (a, b) -> a * b
              : signed
                  ? Math::multiplyHigh
                  : (a, b) -> Math.multiplyHigh(a, b) + (a >> 63 & b) + (b >> 63 & a);
      case "div" ->
          signed
              ? (a, b) -> b == 0 ? -1 : a / b
              : (a, b) -> b == 0 ? -1 : Long.divideUnsigned(a, b);
      case "rem" ->
          signed
              ? (a, b) -> b == 0 ? a : a % b
              : (a, b) -> b == 0 ? a : Long.remainderUnsigned(a, b);
      case "min" -> signed ? Math::min : (a, b) -> Long.compareUnsigned(a, b) < 0 ? a : b;
      case "max" -> signed ? Math::max : (a, b) -> Long.compareUnsigned(a, b) > 0 ? a : b;
      case "and" -> (a, b) -> a & b;
      case "or" -> (a, b) -> a | b;
      case "xor" -> (a, b) -> a ^ b;
      default -> null;
    };
  }
}
