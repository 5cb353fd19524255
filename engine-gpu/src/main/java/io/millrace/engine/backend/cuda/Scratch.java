package io.millrace.engine.backend.cuda;

/**
 * Device memory that lives for part of a step and is used again by the next. It grows to powers of
 * two when a larger step comes, which ends soon.
 */
final class Scratch implements AutoCloseable {
  private final CudaMemory memory;
  private final String what;
  private final Runnable beforeFreeing;
  private CudaMemory.Range range;

  /**
   * @param beforeFreeing makes sure that no launch to come uses the old memory
   */
  Scratch(CudaMemory memory, String what, Runnable beforeFreeing) {
    this.memory = memory;
    this.what = what;
    this.beforeFreeing = beforeFreeing;
  }

  /** The address of at least so many bytes; what they hold is undefined. */
  long reserve(long bytes) {
    if (range == null || range.bytes() < bytes) {
      close();
      long rounded = bytes <= 256 ? 256 : Long.highestOneBit(bytes - 1) << 1;
      range = memory.allocate(CudaMemory.Use.SCRATCH, what, rounded);
    }
    return range.address();
  }

  @Override
  public void close() {
    if (range != null) {
      CudaMemory.Range old = range;
      range = null;
      try {
        beforeFreeing.run();
      } finally {
        old.close();
      }
    }
  }
}
