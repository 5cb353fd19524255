package io.millrace.engine.backend.cuda.ptx;

/** Moves, packing and conversions between types; null for what is none of it. */
final class Conversions {
  private Conversions() {}

  static Step compile(PtxStatement s, Operands o) {
    return switch (s.name()) {
      case "mov" -> mov(s, o);
      case "cvta" -> cvta(s, o);
      case "cvt" -> cvt(s, o);
      default -> null;
    };
  }

  private static Step mov(PtxStatement s, Operands o) {
    if (s.operand(0).startsWith("{") || s.operand(1).startsWith("{")) {
      return s.operand(0).startsWith("{") ? unpack(s, o) : pack(s, o);
    }
    if (s.type().endsWith("64")) {
      int d = o.wide(s.operand(0));
      int a = o.wide(s.operand(1));
      return (w, who) -> {
        for (int left = who; left != 0; left &= left - 1) {
          int lane = Integer.numberOfTrailingZeros(left);
          w.q[d + lane] = w.q[a + lane];
        }
        w.setQ[d >> 5] = w.setQ[d >> 5] & ~who | w.setQ[a >> 5] & who;
      };
    }
    int d = o.narrow(s.operand(0));
    int a = o.narrow(s.operand(1));
    int mask = s.type().endsWith("16") ? 0xffff : -1;
    return (w, who) -> {
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        w.r[d + lane] = w.r[a + lane] & mask;
      }
      w.setR[d >> 5] = w.setR[d >> 5] & ~who | w.setR[a >> 5] & who;
    };
  }

  /** {@code mov.b32 d, {low, high}} and {@code mov.b64}; parts of equal size, the lowest first. */
  private static Step pack(PtxStatement s, Operands o) {
    Register d = Register.of(s.operand(0), o);
    Register[] parts = Register.list(s.operand(1), o);
    int bits = Integer.parseInt(s.type().substring(1)) / parts.length;
    return (w, who) -> {
      for (Register part : parts) {
        part.need(w, who);
      }
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        long value = 0;
        for (int i = parts.length - 1; i >= 0; i--) {
          value = value << bits | parts[i].get(w, lane) & ((1L << bits) - 1);
        }
        d.set(w, lane, value);
      }
      d.wrote(w, who);
    };
  }

  private static Step unpack(PtxStatement s, Operands o) {
    Register[] parts = Register.list(s.operand(0), o);
    Register a = Register.of(s.operand(1), o);
    int bits = Integer.parseInt(s.type().substring(1)) / parts.length;
    return (w, who) -> {
      a.need(w, who);
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        long value = a.get(w, lane);
        for (Register part : parts) {
          part.set(w, lane, value & ((1L << bits) - 1));
          value >>>= bits;
        }
      }
      for (Register part : parts) {
        part.wrote(w, who);
      }
    };
  }

  /** Between an address of a space and a generic one. */
  private static Step cvta(PtxStatement s, Operands o) {
    long window = s.has("shared") ? DeviceSpace.SHARED_WINDOW : 0;
    if (s.has("local")) {
      window = DeviceSpace.LOCAL_WINDOW;
    }
    long distance = s.has("to") ? -window : window;
    return Lanes.long1(o.wide(s.operand(0)), o.wide(s.operand(1)), a -> a + distance);
  }

  private static Step cvt(PtxStatement s, Operands o) {
    String[] parts = s.opcode().split("\\.", -1);
    String to = parts[parts.length - 2];
    String from = parts[parts.length - 1];
    Register d = Register.of(s.operand(0), o);
    Register a = Register.of(s.operand(1), o);
    if (to.endsWith("x2")) {
      boolean brain = to.startsWith("bf");
      return Lanes.int2(
          o.narrow(s.operand(0)),
          o.narrow(s.operand(1)),
          o.narrow(s.operand(2)),
          (high, low) ->
              HalfOps.from(Float.intBitsToFloat(high), brain) << 16
                  | HalfOps.from(Float.intBitsToFloat(low), brain));
    }
    boolean fromFloat = from.contains("f");
    boolean toFloat = to.contains("f");
    Convert convert =
        fromFloat
            ? toFloat ? FloatCasts.floats(s, from, to) : FloatCasts.toInteger(s, from, to)
            : toFloat ? FloatCasts.toFloat(s, from, to) : integers(s, from, to);
    return (w, who) -> {
      a.need(w, who);
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        d.set(w, lane, convert.of(a.get(w, lane)));
      }
      d.wrote(w, who);
    };
  }

  /** From a register's bits to another's. */
  interface Convert {
    long of(long bits);
  }

  private static Convert integers(PtxStatement s, String from, String to) {
    if (!s.has("sat")) {
      return bits -> integer(integer(bits, from), to);
    }
    int size = Integer.parseInt(to.substring(1));
    boolean signed = to.charAt(0) == 's';
    long least = signed ? -1L << (size - 1) : 0;
    long most = signed ? ~least : (1L << size) - 1;
    return bits -> Math.max(least, Math.min(most, integer(bits, from)));
  }

  /** The value that the lowest bits have as an integer of this type. */
  static long integer(long bits, String type) {
    return switch (type) {
      case "s8" -> (byte) bits;
      case "u8", "b8" -> bits & 0xff;
      case "s16" -> (short) bits;
      case "u16", "b16" -> bits & 0xffff;
      case "s32" -> (int) bits;
      case "u32", "b32" -> bits & 0xffffffffL;
      default -> bits;
    };
  }
}
