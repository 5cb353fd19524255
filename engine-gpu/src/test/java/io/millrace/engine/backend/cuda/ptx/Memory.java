package io.millrace.engine.backend.cuda.ptx;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Bytes that know which of them were ever written; all others are poison. */
final class Memory {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  /** States of a byte. */
  static final byte POISON = 0;

  static final byte WRITTEN = 1;

  /** Between variables: belongs to none. */
  static final byte GAP = 2;

  /** An asynchronous copy to here has not been waited for. */
  static final byte PENDING = 3;

  private static final long ALL_WRITTEN = 0x0101010101010101L;
  private static final byte[] PATTERN = {(byte) 0xcd, (byte) 0xab, (byte) 0xfe, (byte) 0x7f};

  final String name;
  final byte[] bytes;
  final byte[] state;

  /** Who touched what since when, or null where only one thread can. */
  final RaceShadow races;

  Memory(String name, int size, RaceShadow races) {
    this.name = name;
    this.races = races;
    bytes = new byte[size];
    state = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = PATTERN[i & 3];
    }
  }

  /** Fails unless a thread may touch this range: within bounds, and a multiple of its size. */
  void check(Warp warp, int lane, long offset, int size, String access) {
    if (offset < 0 || offset + size > bytes.length) {
      throw warp.fault(
          lane, access + " out of bounds: " + size + " bytes at " + offset + " of " + this);
    }
    if ((offset & (size - 1)) != 0) {
      throw warp.fault(
          lane, access + " misaligned: " + size + " bytes at " + offset + " of " + this);
    }
  }

  /** Fails unless all of a range was written. */
  void checkWritten(Warp warp, int lane, int offset, int size) {
    if (isWritten(offset, size)) {
      return;
    }
    for (int i = offset; i < offset + size; i++) {
      if (state[i] != WRITTEN) {
        String why =
            switch (state[i]) {
              case GAP -> "out of bounds: between variables";
              case PENDING -> "too early: its asynchronous copy was not waited for";
              default -> "of poison: nothing was written";
            };
        throw warp.fault(lane, "read " + why + " at " + i + " of " + this);
      }
    }
  }

  private boolean isWritten(int offset, int size) {
    return switch (size) {
      case 1 -> state[offset] == WRITTEN;
      case 2 -> (short) SHORT.get(state, offset) == (short) ALL_WRITTEN;
      case 4 -> (int) INT.get(state, offset) == (int) ALL_WRITTEN;
      case 8 -> (long) LONG.get(state, offset) == ALL_WRITTEN;
      default ->
          (long) LONG.get(state, offset) == ALL_WRITTEN
              && (long) LONG.get(state, offset + 8) == ALL_WRITTEN;
    };
  }

  /** Marks a range as {@link #WRITTEN} or {@link #PENDING}; fails in a {@link #GAP}. */
  void mark(Warp warp, int lane, int offset, int size, byte as) {
    for (int i = offset; i < offset + size; i++) {
      if (state[i] == GAP) {
        throw warp.fault(lane, "write out of bounds: between variables at " + i + " of " + this);
      }
      state[i] = as;
    }
  }

  /** 1 to 8 bytes, the lowest first, without sign. */
  long get(int offset, int size) {
    return switch (size) {
      case 1 -> bytes[offset] & 0xffL;
      case 2 -> (short) SHORT.get(bytes, offset) & 0xffffL;
      case 4 -> (int) INT.get(bytes, offset) & 0xffffffffL;
      default -> (long) LONG.get(bytes, offset);
    };
  }

  void set(int offset, int size, long value) {
    switch (size) {
      case 1 -> bytes[offset] = (byte) value;
      case 2 -> SHORT.set(bytes, offset, (short) value);
      case 4 -> INT.set(bytes, offset, (int) value);
      default -> LONG.set(bytes, offset, value);
    }
  }

  /** Everything is poison again. */
  void forget(int from, int to) {
    Arrays.fill(state, from, to, POISON);
  }

  @Override
  public String toString() {
    return name + " (" + bytes.length + " bytes)";
  }
}
