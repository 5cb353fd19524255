package io.millrace.engine.backend.cuda.ptx;

/** Atomic operations (atom and red), one lane after the other; null for what is none of it. */
final class AtomicOps {
  private AtomicOps() {}

  static Step compile(PtxStatement s, Operands o) {
    boolean returns = s.name().equals("atom");
    if (!returns && !s.name().equals("red")) {
      return null;
    }
    int first = returns ? 1 : 0;
    Register d = returns ? Register.of(s.operand(0), o) : new Register(0, 0);
    Access at = Access.of(Access.Space.of(s), s.operand(first), o);
    Register b = Register.of(s.operand(first + 1), o);
    Register c = s.has("cas") ? Register.of(s.operand(first + 2), o) : b;
    int size = s.type().endsWith("x2") ? 4 : MemoryOps.size(s.type());
    Lanes.Long3 f = function(s);
    return (w, who) -> {
      at.need(w, who);
      b.need(w, who);
      c.need(w, who);
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        Memory memory = at.find(w, lane, size, "atomic operation");
        int offset = w.offset;
        memory.checkWritten(w, lane, offset, size);
        if (memory.races != null) {
          memory.races.write(w, lane, offset, size, true, memory);
        }
        long old = memory.get(offset, size);
        memory.set(offset, size, f.apply(old, b.get(w, lane), c.get(w, lane)));
        d.set(w, lane, old);
      }
      d.wrote(w, who);
      w.block.acquired = true;
      if (w.fenced) {
        w.block.launch.publish(w.block, w.interval);
      }
    };
  }

  private static Lanes.Long3 function(PtxStatement s) {
    String type = s.type();
    if (type.equals("f32") && s.has("add")) {
      return (a, b, c) ->
          Float.floatToRawIntBits(Float.intBitsToFloat((int) a) + Float.intBitsToFloat((int) b));
    }
    if (type.startsWith("f")) {
      throw s.unsupported("this atomic operation is not known");
    }
    String compared = type.replace('b', 'u');
    if (s.has("add")) {
      return (a, b, c) -> a + b;
    } else if (s.has("exch")) {
      return (a, b, c) -> b;
    } else if (s.has("cas")) {
      return (a, b, c) ->
          Conversions.integer(a, compared) == Conversions.integer(b, compared) ? c : a;
    } else if (s.has("min")) {
      return (a, b, c) -> compare(a, b, compared) < 0 ? a : b;
    } else if (s.has("max")) {
      return (a, b, c) -> compare(a, b, compared) > 0 ? a : b;
    } else if (s.has("and")) {
      return (a, b, c) -> a & b;
    } else if (s.has("or")) {
      return (a, b, c) -> a | b;
    } else if (s.has("xor")) {
      return (a, b, c) -> a ^ b;
    } else if (s.has("inc")) {
      return (a, b, c) -> compare(a, b, compared) >= 0 ? 0 : a + 1;
    }
    throw s.unsupported("this atomic operation is not known");
  }

  private static int compare(long a, long b, String type) {
    long x = Conversions.integer(a, type);
    long y = Conversions.integer(b, type);
    return type.charAt(0) == 's' ? Long.compare(x, y) : Long.compareUnsigned(x, y);
  }
}
