package io.millrace.engine.backend.cuda.ptx;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address operand of an instruction: a register or a variable, and a distance from it.
 *
 * @param wide whether {@code place} is a 64-bit register's
 */
record Access(Space space, boolean wide, int place, int distance) {

  enum Space {
    GENERIC,
    GLOBAL,
    SHARED,
    LOCAL,
    PARAM;

    /** The state space that an opcode names. */
    static Space of(PtxStatement statement) {
      if (statement.has("const")) {
        return GLOBAL;
      }
      for (Space space : values()) {
        if (statement.has(space.name().toLowerCase(Locale.ROOT))) {
          return space;
        }
      }
      return GENERIC;
    }
  }

  private static final Pattern ADDRESS =
      Pattern.compile("\\[\\s*([%\\w$]+)\\s*(?:\\+\\s*(-?\\w+))?\\s*]");

  static Access of(Space space, String operand, Operands operands) {
    Matcher parts = ADDRESS.matcher(operand);
    if (!parts.matches()) {
      throw new PtxFault("'" + operand + "' is no address");
    }
    boolean wide = operands.width(parts.group(1)) != 32;
    int place = wide ? operands.wide(parts.group(1)) : operands.narrow(parts.group(1));
    int distance = parts.group(2) == null ? 0 : (int) Operands.literal(parts.group(2));
    return new Access(space, wide, place, distance);
  }

  /** Fails if the address is not set in all of these lanes. */
  void need(Warp warp, int who) {
    if (wide) {
      warp.needQ(place, who);
    } else {
      warp.needR(place, who);
    }
  }

  /**
   * The memory that a lane's address lies in, which may be touched there; {@link Warp#offset} says
   * where.
   *
   * @param access {@code read} or {@code write}, for messages
   */
  Memory find(Warp warp, int lane, int size, String access) {
    long base = wide ? warp.q[place + lane] : warp.r[place + lane] & 0xffffffffL;
    long address = base + distance;
    Space where = space;
    if (space == Space.GENERIC) {
      if (address >= DeviceSpace.LOCAL_WINDOW) {
        where = Space.LOCAL;
        address -= DeviceSpace.LOCAL_WINDOW;
      } else if (address >= DeviceSpace.SHARED_WINDOW) {
        where = Space.SHARED;
        address -= DeviceSpace.SHARED_WINDOW;
      } else {
        where = Space.GLOBAL;
      }
    }
    Launch launch = warp.block.launch;
    Memory memory;
    switch (where) {
      case SHARED -> memory = launch.shared;
      case PARAM -> memory = launch.parameters;
      case LOCAL -> {
        int own = launch.kernel.localBytes();
        if (address < 0 || address + size > own) {
          throw warp.fault(
              lane,
              "%s out of bounds: %d bytes at %d of %d of local memory"
                  .formatted(access, size, address, own));
        }
        memory = warp.local;
        address += (long) lane * Warp.localStride(own);
      }
      default -> {
        memory = launch.space.find(address);
        if (memory == null) {
          throw warp.fault(lane, "%s of address %x, where nothing is".formatted(access, address));
        }
        address = DeviceSpace.offset(address);
      }
    }
    memory.check(warp, lane, address, size, access);
    warp.offset = (int) address;
    return memory;
  }
}
