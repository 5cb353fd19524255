package io.millrace.engine.backend.cuda;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Hands out a device's memory and keeps count of what it is for, so that who runs out of it reads
 * where it went. Memory is taken when a model is loaded and when its cache and buffers are made; a
 * step takes none once its like has run.
 */
final class CudaMemory {

  /** What memory is for. */
  enum Use {
    WEIGHTS,
    KV_CACHE,
    ACTIVATIONS,
    SCRATCH
  }

  private static final double MIB = 1 << 20;

  private final CudaDriver driver;
  private final Map<Use, AtomicLong> taken = new EnumMap<>(Use.class);

  CudaMemory(CudaDriver driver) {
    this.driver = driver;
    for (Use use : Use.values()) {
      taken.put(use, new AtomicLong());
    }
  }

  /** A range that is given back when it is closed. */
  final class Range implements AutoCloseable {
    private final CudaDriver.DeviceMemory memory;
    private final Use use;
    private boolean closed;

    private Range(CudaDriver.DeviceMemory memory, Use use) {
      this.memory = memory;
      this.use = use;
    }

    long address() {
      return memory.address();
    }

    long bytes() {
      return memory.bytes();
    }

    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        memory.close();
        taken.get(use).addAndGet(-memory.bytes());
      }
    }
  }

  /**
   * Takes memory.
   *
   * @param what for the error message: {@code tensor blk.0.attn_q.weight}
   * @throws CudaException if there is not enough: one line with all the numbers
   */
  Range allocate(Use use, String what, long bytes) {
    CudaDriver.DeviceMemory memory;
    try {
      memory = driver.allocate(what, bytes);
    } catch (CudaException e) {
      throw new CudaException(exhausted(what, bytes), e);
    }
    taken.get(use).addAndGet(memory.bytes());
    return new Range(memory, use);
  }

  /** Bytes taken for something. */
  long taken(Use use) {
    return taken.get(use).get();
  }

  private String exhausted(String what, long bytes) {
    CudaDriver.Device device = driver.device();
    return String.format(
        Locale.ROOT,
        "GPU %d (%s) has no memory for %s: %.1f MiB wanted, %.1f of %.1f MiB free; taken here: %.1f"
            + " MiB of weights, %.1f of KV cache, %.1f of activations, %.1f of scratch; the rest by"
            + " weights that engines share, other engines and other programs",
        device.index(),
        device.name(),
        what,
        bytes / MIB,
        driver.freeBytes() / MIB,
        device.memoryBytes() / MIB,
        taken(Use.WEIGHTS) / MIB,
        taken(Use.KV_CACHE) / MIB,
        taken(Use.ACTIVATIONS) / MIB,
        taken(Use.SCRATCH) / MIB);
  }
}
