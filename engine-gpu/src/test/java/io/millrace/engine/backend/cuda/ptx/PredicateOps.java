package io.millrace.engine.backend.cuda.ptx;

/** Comparisons, choices and logic of predicates; null for what is none of it. */
final class PredicateOps {
  private PredicateOps() {}

  /** Whether a comparison of two lanes' values holds. */
  private interface Test {
    boolean holds(Warp w, int lane);
  }

  static Step compile(PtxStatement s, Operands o) {
    return switch (s.name()) {
      case "setp" -> setp(s, o);
      case "set" -> set(s, o);
      case "selp" -> selp(s, o);
      case "and", "or", "xor", "not", "mov" -> s.type().equals("pred") ? logic(s, o) : null;
      default -> null;
    };
  }

  private static Step setp(PtxStatement s, Operands o) {
    String[] results = s.operand(0).split("\\|", -1);
    int p = o.predicate(results[0]);
    int inverse = results.length > 1 ? o.predicate(results[1]) : -1;
    Compared compared = compared(s, o);
    boolean negated = s.operands().size() > 3 && s.operand(3).startsWith("!");
    int with = s.operands().size() > 3 ? o.predicate(s.operand(3).substring(negated ? 1 : 0)) : -1;
    return (w, who) -> {
      compared.need(w, who);
      int result = compared.test(w, who);
      int other = result ^ who;
      if (with >= 0) {
        w.needP(with, who);
        int c = negated ? ~w.p[with] : w.p[with];
        result = combine(s, result, c);
        other = combine(s, other, c);
      }
      w.setPredicate(p, who, result);
      if (inverse >= 0) {
        w.setPredicate(inverse, who, other);
      }
    };
  }

  private static int combine(PtxStatement s, int a, int b) {
    return s.has("and") ? a & b : s.has("or") ? a | b : a ^ b;
  }

  private static Step set(PtxStatement s, Operands o) {
    int d = o.narrow(s.operand(0));
    int holds = s.part(2).equals("f32") ? Float.floatToRawIntBits(1) : -1;
    Compared compared = compared(s, o);
    return (w, who) -> {
      compared.need(w, who);
      int result = compared.test(w, who);
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        w.r[d + lane] = (result >>> lane & 1) != 0 ? holds : 0;
      }
      w.wroteR(d, who);
    };
  }

  private record Compared(boolean wide, int a, int b, Test holds) {
    void need(Warp w, int who) {
      if (wide) {
        w.needQ(a, who);
        w.needQ(b, who);
      } else {
        w.needR(a, who);
        w.needR(b, who);
      }
    }

    int test(Warp w, int who) {
      int result = 0;
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        if (holds.holds(w, lane)) {
          result |= 1 << lane;
        }
      }
      return result;
    }
  }

  private static Compared compared(PtxStatement s, Operands o) {
    String type = s.type();
    boolean wide = type.endsWith("64");
    int a = wide ? o.wide(s.operand(1)) : o.narrow(s.operand(1));
    int b = wide ? o.wide(s.operand(2)) : o.narrow(s.operand(2));
    String how = s.part(1);
    if (type.startsWith("f") || type.startsWith("bf")) {
      return new Compared(wide, a, b, floats(s, how, type, a, b));
    }
    boolean unsigned = type.charAt(0) == 'u' || (how.length() == 2 && "lo ls hi hs".contains(how));
    return new Compared(wide, a, b, integers(s, how, type, unsigned, a, b));
  }

  private static Test integers(
      PtxStatement s, String how, String type, boolean unsigned, int a, int b) {
    Compare compare =
        switch (type) {
          case "s16" -> (w, l) -> Integer.compare((short) w.r[a + l], (short) w.r[b + l]);
          case "u16", "b16" -> (w, l) -> Integer.compare(w.r[a + l] & 0xffff, w.r[b + l] & 0xffff);
          case "s32", "u32", "b32" ->
              unsigned
                  ? (w, l) -> Integer.compareUnsigned(w.r[a + l], w.r[b + l])
                  : (w, l) -> Integer.compare(w.r[a + l], w.r[b + l]);
          case "s64", "u64", "b64" ->
              unsigned
                  ? (w, l) -> Long.compareUnsigned(w.q[a + l], w.q[b + l])
                  : (w, l) -> Long.compare(w.q[a + l], w.q[b + l]);
          default -> throw s.unsupported("the type is not known");
        };
    return switch (how) {
      case "eq" -> (w, l) -> compare.of(w, l) == 0;
      case "ne" -> (w, l) -> compare.of(w, l) != 0;
      case "lt", "lo" -> (w, l) -> compare.of(w, l) < 0;
      case "le", "ls" -> (w, l) -> compare.of(w, l) <= 0;
      case "gt", "hi" -> (w, l) -> compare.of(w, l) > 0;
      case "ge", "hs" -> (w, l) -> compare.of(w, l) >= 0;
      default -> throw s.unsupported("the comparison is not known");
    };
  }

  private interface Compare {
    int of(Warp w, int lane);
  }

  private interface Number {
    double of(Warp w, int place);
  }

  private static Test floats(PtxStatement s, String how, String type, int a, int b) {
    Number n =
        switch (type) {
          case "f32" -> (w, at) -> Float.intBitsToFloat(w.r[at]);
          case "f64" -> (w, at) -> Double.longBitsToDouble(w.q[at]);
          case "f16" -> (w, at) -> HalfOps.to(w.r[at], false);
          case "bf16" -> (w, at) -> HalfOps.to(w.r[at], true);
          default -> throw s.unsupported("the type is not known");
        };
    return switch (how) {
      case "eq" -> (w, l) -> n.of(w, a + l) == n.of(w, b + l);
      case "ne" -> (w, l) -> n.of(w, a + l) < n.of(w, b + l) || n.of(w, a + l) > n.of(w, b + l);
      case "lt" -> (w, l) -> n.of(w, a + l) < n.of(w, b + l);
      case "le" -> (w, l) -> n.of(w, a + l) <= n.of(w, b + l);
      case "gt" -> (w, l) -> n.of(w, a + l) > n.of(w, b + l);
      case "ge" -> (w, l) -> n.of(w, a + l) >= n.of(w, b + l);
      case "equ" -> (w, l) -> !(n.of(w, a + l) < n.of(w, b + l) || n.of(w, a + l) > n.of(w, b + l));
      case "neu" -> (w, l) -> n.of(w, a + l) != n.of(w, b + l);
      case "ltu" -> (w, l) -> !(n.of(w, a + l) >= n.of(w, b + l));
      case "leu" -> (w, l) -> !(n.of(w, a + l) > n.of(w, b + l));
      case "gtu" -> (w, l) -> !(n.of(w, a + l) <= n.of(w, b + l));
      case "geu" -> (w, l) -> !(n.of(w, a + l) < n.of(w, b + l));
      case "num" -> (w, l) -> !Double.isNaN(n.of(w, a + l)) && !Double.isNaN(n.of(w, b + l));
      case "nan" -> (w, l) -> Double.isNaN(n.of(w, a + l)) || Double.isNaN(n.of(w, b + l));
      default -> throw s.unsupported("the comparison is not known");
    };
  }

  private static Step selp(PtxStatement s, Operands o) {
    int p = o.predicate(s.operand(3));
    if (s.type().endsWith("64")) {
      int d = o.wide(s.operand(0));
      int a = o.wide(s.operand(1));
      int b = o.wide(s.operand(2));
      return (w, who) -> {
        w.needP(p, who);
        w.needQ(a, who & w.p[p]);
        w.needQ(b, who & ~w.p[p]);
        for (int left = who; left != 0; left &= left - 1) {
          int lane = Integer.numberOfTrailingZeros(left);
          w.q[d + lane] = w.q[((w.p[p] >>> lane & 1) != 0 ? a : b) + lane];
        }
        w.wroteQ(d, who);
      };
    }
    int d = o.narrow(s.operand(0));
    int a = o.narrow(s.operand(1));
    int b = o.narrow(s.operand(2));
    int mask = s.type().endsWith("16") ? 0xffff : -1;
    return (w, who) -> {
      w.needP(p, who);
      w.needR(a, who & w.p[p]);
      w.needR(b, who & ~w.p[p]);
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        w.r[d + lane] = w.r[((w.p[p] >>> lane & 1) != 0 ? a : b) + lane] & mask;
      }
      w.wroteR(d, who);
    };
  }

  private static Step logic(PtxStatement s, Operands o) {
    int d = o.predicate(s.operand(0));
    if (s.name().equals("mov") && o.width(s.operand(1)) == 0) {
      int value = Operands.literal(s.operand(1)) != 0 ? -1 : 0;
      return (w, who) -> w.setPredicate(d, who, value);
    }
    int a = o.predicate(s.operand(1));
    int b = s.operands().size() > 2 ? o.predicate(s.operand(2)) : a;
    return (w, who) -> {
      w.needP(a, who);
      w.needP(b, who);
      int result =
          switch (s.name()) {
            case "and" -> w.p[a] & w.p[b];
            case "or" -> w.p[a] | w.p[b];
            case "xor" -> w.p[a] ^ w.p[b];
            case "not" -> ~w.p[a];
            default -> w.p[a];
          };
      w.setPredicate(d, who, result);
    };
  }
}
