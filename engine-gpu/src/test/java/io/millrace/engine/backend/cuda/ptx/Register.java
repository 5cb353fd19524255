package io.millrace.engine.backend.cuda.ptx;

/**
 * A register of any size, for instructions that take several sizes.
 *
 * @param bits 16, 32 or 64; 0 for {@code _}, which takes what is not wanted
 */
record Register(int place, int bits) {

  static Register of(String operand, Operands operands) {
    if (operand.equals("_")) {
      return new Register(0, 0);
    }
    int bits = operands.width(operand);
    return bits == 64
        ? new Register(operands.wide(operand), 64)
        : new Register(operands.narrow(operand), bits == 0 ? 32 : bits);
  }

  /** The registers of <code>{a, b}</code>, or the one of {@code a}. */
  static Register[] list(String operand, Operands operands) {
    String inner = operand.startsWith("{") ? operand.substring(1, operand.length() - 1) : operand;
    return PtxParser.split(inner).stream().map(name -> of(name, operands)).toArray(Register[]::new);
  }

  void need(Warp warp, int who) {
    if (bits == 64) {
      warp.needQ(place, who);
    } else {
      warp.needR(place, who);
    }
  }

  /** Its bits; of 32-bit registers the upper half follows the sign and means nothing. */
  long get(Warp warp, int lane) {
    return bits == 64 ? warp.q[place + lane] : warp.r[place + lane];
  }

  void set(Warp warp, int lane, long value) {
    switch (bits) {
      case 64 -> warp.q[place + lane] = value;
      case 32 -> warp.r[place + lane] = (int) value;
      case 16 -> warp.r[place + lane] = (int) value & 0xffff;
      default -> {}
    }
  }

  void wrote(Warp warp, int who) {
    if (bits == 64) {
      warp.wroteQ(place, who);
    } else if (bits != 0) {
      warp.wroteR(place, who);
    }
  }
}
