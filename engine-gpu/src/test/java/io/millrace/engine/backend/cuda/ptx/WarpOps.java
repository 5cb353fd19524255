package io.millrace.engine.backend.cuda.ptx;

/**
 * What the lanes of a warp do together: exchanges, votes and the warp's barrier; null for what is
 * none of it.
 */
final class WarpOps {
  private WarpOps() {}

  static Step compile(PtxStatement s, Operands o) {
    return switch (s.name()) {
      case "shfl" -> shuffle(s, o);
      case "vote" -> vote(s, o);
      case "redux" -> reduce(s, o);
      case "match" -> match(s, o);
      case "activemask" -> {
        int d = o.narrow(s.operand(0));
        yield (w, who) -> broadcast(w, who, d, who);
      }
      case "bar" -> (w, who) -> w.endInterval(); // bar.warp.sync: the others are compiled apart
      default -> null;
    };
  }

  /** The operand with the lanes that take part, or null for all. */
  static String members(PtxStatement s) {
    return switch (s.name()) {
      case "shfl" -> s.operand(4);
      case "vote", "redux", "match" -> s.operand(2);
      case "bar" -> s.operand(0);
      default -> null;
    };
  }

  private static void broadcast(Warp w, int who, int d, int value) {
    for (int left = who; left != 0; left &= left - 1) {
      w.r[d + Integer.numberOfTrailingZeros(left)] = value;
    }
    w.wroteR(d, who);
  }

  private static Step shuffle(PtxStatement s, Operands o) {
    String[] results = s.operand(0).split("\\|", -1);
    int d = o.narrow(results[0]);
    int inRange = results.length > 1 ? o.predicate(results[1]) : -1;
    int a = o.narrow(s.operand(1));
    int b = o.narrow(s.operand(2));
    int c = o.narrow(s.operand(3));
    String mode = s.part(2);
    return (w, who) -> {
      w.needR(a, who);
      w.needR(b, who);
      w.needR(c, who);
      int[] results32 = new int[Operands.LANES];
      int valid = 0;
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        int step = w.r[b + lane] & 31;
        int clamp = w.r[c + lane] & 31;
        int segments = w.r[c + lane] >> 8 & 31;
        int most = lane & segments | clamp & ~segments;
        int least = lane & segments;
        int from;
        boolean within;
        switch (mode) {
          case "up" -> {
            from = lane - step;
            within = from >= most;
          }
          case "down" -> {
            from = lane + step;
            within = from <= most;
          }
          case "bfly" -> {
            from = lane ^ step;
            within = from <= most;
          }
          case "idx" -> {
            from = least | step & ~segments;
            within = from <= most;
          }
          default -> throw s.unsupported("the mode is not known");
        }
        from = within ? from : lane;
        if ((who >>> from & 1) == 0) {
          throw w.fault(lane, "takes the value of lane " + from + ", which takes no part");
        }
        results32[lane] = w.r[a + from];
        valid |= within ? 1 << lane : 0;
      }
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        w.r[d + lane] = results32[lane];
      }
      w.wroteR(d, who);
      if (inRange >= 0) {
        w.setPredicate(inRange, who, valid);
      }
    };
  }

  private static Step vote(PtxStatement s, Operands o) {
    boolean negated = s.operand(1).startsWith("!");
    int a = o.predicate(s.operand(1).substring(negated ? 1 : 0));
    if (s.has("ballot")) {
      int d = o.narrow(s.operand(0));
      return (w, who) -> {
        w.needP(a, who);
        broadcast(w, who, d, (negated ? ~w.p[a] : w.p[a]) & who);
      };
    }
    int d = o.predicate(s.operand(0));
    return (w, who) -> {
      w.needP(a, who);
      int votes = (negated ? ~w.p[a] : w.p[a]) & who;
      boolean result =
          s.has("all") ? votes == who : s.has("any") ? votes != 0 : votes == 0 || votes == who;
      w.setPredicate(d, who, result ? -1 : 0);
    };
  }

  private static Step reduce(PtxStatement s, Operands o) {
    int d = o.narrow(s.operand(0));
    int a = o.narrow(s.operand(1));
    boolean signed = s.type().equals("s32");
    return (w, who) -> {
      w.needR(a, who);
      int lane = Integer.numberOfTrailingZeros(who);
      int result = w.r[a + lane];
      for (int left = who & (who - 1); left != 0; left &= left - 1) {
        int x = w.r[a + Integer.numberOfTrailingZeros(left)];
        int order = signed ? Integer.compare(x, result) : Integer.compareUnsigned(x, result);
        result =
            switch (s.part(2)) {
              case "add" -> result + x;
              case "min" -> order < 0 ? x : result;
              case "max" -> order > 0 ? x : result;
              case "and" -> result & x;
              case "or" -> result | x;
              case "xor" -> result ^ x;
              default -> throw s.unsupported("the reduction is not known");
            };
      }
      broadcast(w, who, d, result);
    };
  }

  private static Step match(PtxStatement s, Operands o) {
    if (!s.has("any") || !s.type().equals("b32")) {
      throw s.unsupported("only match.any of 32 bits is known");
    }
    int d = o.narrow(s.operand(0));
    int a = o.narrow(s.operand(1));
    return (w, who) -> {
      w.needR(a, who);
      int[] values = java.util.Arrays.copyOfRange(w.r, a, a + Operands.LANES);
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        int same = 0;
        for (int others = who; others != 0; others &= others - 1) {
          int other = Integer.numberOfTrailingZeros(others);
          same |= values[other] == values[lane] ? 1 << other : 0;
        }
        w.r[d + lane] = same;
      }
      w.wroteR(d, who);
    };
  }
}
