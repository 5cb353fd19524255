package io.millrace.engine.backend.cuda.ptx;

/** Loads, stores, asynchronous copies and fences; null for what is none of it. */
final class MemoryOps {
  private MemoryOps() {}

  static Step compile(PtxStatement s, Operands o) {
    return switch (s.name()) {
      case "ld", "ldu" -> load(s, o);
      case "st" -> store(s, o);
      case "cp" -> copy(s, o);
      case "prefetch", "prefetchu", "discard" -> (w, who) -> {};
      case "membar", "fence" -> (w, who) -> w.fenced |= !s.has("cta");
      default -> null;
    };
  }

  /** Whether other threads may touch the same at the same time. */
  private static boolean strong(PtxStatement s) {
    return s.has("volatile") || s.has("relaxed") || s.has("acquire") || s.has("release");
  }

  /** Bytes of one element of a type such as {@code u16}. */
  static int size(String type) {
    return Integer.parseInt(type.replaceAll("\\D", "")) / 8;
  }

  private static Step load(PtxStatement s, Operands o) {
    Register[] into = Register.list(s.operand(0), o);
    Access from = Access.of(Access.Space.of(s), s.operand(1), o);
    int size = size(s.type());
    int total = size * into.length;
    boolean signed = s.type().charAt(0) == 's';
    boolean strong = strong(s);
    return (w, who) -> {
      from.need(w, who);
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        Memory memory = from.find(w, lane, total, "read");
        int offset = w.offset;
        memory.checkWritten(w, lane, offset, total);
        if (memory.races != null) {
          memory.races.read(w, lane, offset, total, strong, memory);
        }
        for (int i = 0; i < into.length; i++) {
          long value = memory.get(offset + i * size, size);
          into[i].set(w, lane, signed ? value << (64 - 8 * size) >> (64 - 8 * size) : value);
        }
      }
      for (Register register : into) {
        register.wrote(w, who);
      }
    };
  }

  private static Step store(PtxStatement s, Operands o) {
    Access to = Access.of(Access.Space.of(s), s.operand(0), o);
    Register[] from = Register.list(s.operand(1), o);
    int size = size(s.type());
    int total = size * from.length;
    boolean strong = strong(s);
    return (w, who) -> {
      to.need(w, who);
      for (Register register : from) {
        register.need(w, who);
      }
      for (int left = who; left != 0; left &= left - 1) {
        int lane = Integer.numberOfTrailingZeros(left);
        Memory memory = to.find(w, lane, total, "write");
        int offset = w.offset;
        if (memory.races != null) {
          memory.races.write(w, lane, offset, total, strong, memory);
        }
        memory.mark(w, lane, offset, total, Memory.WRITTEN);
        for (int i = 0; i < from.length; i++) {
          memory.set(offset + i * size, size, from[i].get(w, lane));
        }
      }
    };
  }

  private static Step copy(PtxStatement s, Operands o) {
    if (!s.has("async") || s.has("bulk") || s.has("mbarrier")) {
      throw s.unsupported("only cp.async with groups is known");
    }
    if (s.has("commit_group")) {
      return AsyncCopies.commit();
    }
    if (s.has("wait_all")) {
      return AsyncCopies.await(-1);
    }
    if (s.has("wait_group")) {
      return AsyncCopies.await((int) Operands.literal(s.operand(0)));
    }
    int size = (int) Operands.literal(s.operand(2));
    if (size != 4 && size != 8 && (size != 16 || (!s.has("cg") && !s.has("ca")))) {
      throw s.unsupported("it cannot copy " + size + " bytes");
    }
    int read = s.operands().size() > 3 ? o.narrow(s.operand(3)) : -1;
    return AsyncCopies.start(
        Access.of(Access.Space.SHARED, s.operand(0), o),
        Access.of(Access.Space.GLOBAL, s.operand(1), o),
        size,
        read);
  }
}
