package io.millrace.engine.backend.cuda.ptx;

/** Instructions on the bits and bytes of 32-bit numbers; null for what is none of them. */
final class BitOps {
  private BitOps() {}

  static Step compile(PtxStatement s, Operands o) {
    switch (s.name()) {
      case "popc":
        return Lanes.int1(o.narrow(s.operand(0)), o.narrow(s.operand(1)), Integer::bitCount);
      case "clz":
        return Lanes.int1(
            o.narrow(s.operand(0)), o.narrow(s.operand(1)), Integer::numberOfLeadingZeros);
      case "brev":
        return Lanes.int1(o.narrow(s.operand(0)), o.narrow(s.operand(1)), Integer::reverse);
      case "bfind":
        return Lanes.int1(
            o.narrow(s.operand(0)),
            o.narrow(s.operand(1)),
            s.type().equals("s32")
                ? x -> 31 - Integer.numberOfLeadingZeros(x < 0 ? ~x : x)
                : x -> 31 - Integer.numberOfLeadingZeros(x));
      case "bfi":
        return insert(s, o);
      case "bfe":
      case "prmt":
      case "dp4a":
      case "dp2a":
      case "shf":
      case "sad":
        return three(s, o);
      case "lop3":
        return three(s, o, logic((int) Operands.literal(s.operand(4))));
      default:
        return null;
    }
  }

  private static Step three(PtxStatement s, Operands o) {
    boolean signedA = s.part(1).startsWith("s");
    boolean signedB = s.part(2).startsWith("s");
    return three(
        s,
        o,
        switch (s.name()) {
          case "bfe" -> signedA ? BitOps::extractSigned : BitOps::extract;
          case "prmt" -> {
            if (!s.type().equals("b32") || s.opcode().length() != "prmt.b32".length()) {
              throw s.unsupported("this mode of prmt is not known");
            }
            yield BitOps::permute;
          }
          case "dp4a" -> (a, b, c) -> dot4(a, b, c, signedA, signedB);
          case "shf" -> shift(s);
          case "sad" -> (a, b, c) -> c + Math.abs(a - b);
          default -> throw s.unsupported("the instruction is not known");
        });
  }

  private static Step three(PtxStatement s, Operands o, Lanes.Int3 f) {
    return Lanes.int3(
        o.narrow(s.operand(0)),
        o.narrow(s.operand(1)),
        o.narrow(s.operand(2)),
        o.narrow(s.operand(3)),
        f);
  }

  /** {@code length} bits of a from bit {@code from} on. */
  private static int extract(int a, int from, int length) {
    int f = from & 0xff;
    int n = length & 0xff;
    int shifted = f > 31 ? 0 : a >>> f;
    return n > 31 ? shifted : shifted & ((1 << n) - 1);
  }

  private static int extractSigned(int a, int from, int length) {
    int f = Math.min(from & 0xff, 31);
    int n = Math.min(length & 0xff, 32 - f);
    return n == 0 ? 0 : a << (32 - f - n) >> (32 - n);
  }

  /** Four bytes chosen from the eight of b:a; bit 3 of a choice spreads the byte's sign. */
  private static int permute(int a, int b, int choices) {
    long bytes = (long) b << 32 | (a & 0xffffffffL);
    int result = 0;
    for (int i = 0; i < 4; i++) {
      int choice = choices >>> (4 * i);
      int value = (int) (bytes >>> (8 * (choice & 7))) & 0xff;
      if ((choice & 8) != 0) {
        value = (value & 0x80) != 0 ? 0xff : 0;
      }
      result |= value << (8 * i);
    }
    return result;
  }

  /** c plus the product of the four bytes of a with those of b. */
  static int dot4(int a, int b, int c, boolean signedA, boolean signedB) {
    int sum = c;
    for (int i = 0; i < 32; i += 8) {
      int x = signedA ? (byte) (a >> i) : a >> i & 0xff;
      int y = signedB ? (byte) (b >> i) : b >> i & 0xff;
      sum += x * y;
    }
    return sum;
  }

  private static Lanes.Int3 shift(PtxStatement s) {
    boolean clamp = s.has("clamp");
    boolean left = s.has("l");
    return (a, b, c) -> {
      int n = clamp ? (Integer.compareUnsigned(c, 32) > 0 ? 32 : c) : c & 31;
      long both = (long) b << 32 | (a & 0xffffffffL);
      return left ? (int) (both << n >>> 32) : (int) (both >>> n);
    };
  }

  /** Any function of three bits, by its table. */
  private static Lanes.Int3 logic(int table) {
    return (a, b, c) -> {
      int result = 0;
      for (int i = 0; i < 8; i++) {
        if ((table >>> i & 1) != 0) {
          result |= ((i & 4) != 0 ? a : ~a) & ((i & 2) != 0 ? b : ~b) & ((i & 1) != 0 ? c : ~c);
        }
      }
      return result;
    };
  }

  /** The lowest bits of a, put into b. */
  private static Step insert(PtxStatement s, Operands o) {
    int d = o.narrow(s.operand(0));
    int a = o.narrow(s.operand(1));
    int b = o.narrow(s.operand(2));
    int from = o.narrow(s.operand(3));
    int length = o.narrow(s.operand(4));
    return (w, who) -> {
      w.needR(a, who);
      w.needR(b, who);
      w.needR(from, who);
      w.needR(length, who);
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        long mask = mask(w.r[from + lane] & 0xff, w.r[length + lane] & 0xff);
        long value = (long) w.r[a + lane] << Math.min(w.r[from + lane] & 0xff, 63);
        w.r[d + lane] = (int) (w.r[b + lane] & ~mask | value & mask);
      }
      w.wroteR(d, who);
    };
  }

  static Step insertWide(PtxStatement s, Operands o) {
    int d = o.wide(s.operand(0));
    int a = o.wide(s.operand(1));
    int b = o.wide(s.operand(2));
    int from = o.narrow(s.operand(3));
    int length = o.narrow(s.operand(4));
    return (w, who) -> {
      w.needQ(a, who);
      w.needQ(b, who);
      w.needR(from, who);
      w.needR(length, who);
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        long mask = mask(w.r[from + lane] & 0xff, w.r[length + lane] & 0xff);
        long value = w.q[a + lane] << Math.min(w.r[from + lane] & 0xff, 63);
        w.q[d + lane] = w.q[b + lane] & ~mask | value & mask;
      }
      w.wroteQ(d, who);
    };
  }

  private static long mask(int from, int length) {
    if (from > 63) {
      return 0;
    }
    return (length > 63 ? -1L : (1L << length) - 1) << from;
  }
}
