package io.millrace.engine.backend.cuda.ptx;

import java.util.ArrayList;
import java.util.List;

/**
 * Global memory: allocations that lie 2^36 addresses apart, so that whatever runs out of one hits
 * none, and its address still tells which it ran out of.
 */
final class DeviceSpace {
  private static final int SPACING_SHIFT = 36;
  private static final long MIDDLE = 1L << (SPACING_SHIFT - 1);

  /** Where generic addresses of shared and of local memory begin. */
  static final long SHARED_WINDOW = 1L << 60;

  static final long LOCAL_WINDOW = 1L << 61;

  private final List<Memory> allocations = new ArrayList<>();
  private final long capacity;
  private long used;
  private long intervals = 1;

  DeviceSpace(long capacity) {
    this.capacity = capacity;
    allocations.add(null); // address 0 is none
  }

  long free() {
    return capacity - used;
  }

  long capacity() {
    return capacity;
  }

  /** Makes an allocation of poison and returns its address. */
  long allocate(String name, long bytes) {
    if (bytes < 1 || bytes > free() || bytes > Integer.MAX_VALUE - 16) {
      throw new PtxFault(
          "out of device memory: %s wants %d bytes, %d of %d are free"
              .formatted(name, bytes, free(), capacity));
    }
    used += bytes;
    allocations.add(new Memory(name, (int) bytes, new RaceShadow((int) bytes, false)));
    return address(allocations.size() - 1);
  }

  void free(long address) {
    Memory memory = find(address);
    if (memory != null) {
      used -= memory.bytes.length;
      allocations.set((int) (address >>> SPACING_SHIFT), null);
    }
  }

  private static long address(int index) {
    return ((long) index << SPACING_SHIFT) + MIDDLE;
  }

  /** The allocation that an address belongs to or is nearest to, or null. */
  Memory find(long address) {
    long index = address >>> SPACING_SHIFT;
    return index < allocations.size() ? allocations.get((int) index) : null;
  }

  /** Where in its allocation an address lies; out of bounds perhaps. */
  static long offset(long address) {
    return (address & ((1L << SPACING_SHIFT) - 1)) - MIDDLE;
  }

  /** What a copy of the host's touches. */
  Memory range(String call, long address, long bytes) {
    Memory memory = find(address);
    long offset = offset(address);
    if (memory == null || offset < 0 || bytes < 0 || offset + bytes > memory.bytes.length) {
      throw new PtxFault(
          "%s: %d bytes at address %x are not in %s"
              .formatted(call, bytes, address, memory == null ? "any allocation" : memory));
    }
    return memory;
  }

  /** A new number, greater than all before. */
  long nextInterval() {
    return intervals++;
  }
}
