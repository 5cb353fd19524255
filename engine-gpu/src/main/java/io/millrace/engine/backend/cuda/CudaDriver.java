package io.millrace.engine.backend.cuda;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One CUDA device and the driver calls that the backend makes: all host code goes through here, so
 * that it runs on JCuda and, in tests, on an interpreter of the committed PTX.
 *
 * <p>Device addresses are plain 64-bit numbers, so that a pool can be cut into parts by adding
 * offsets; 0 is never one. Copies and launches are ordered by their {@link Stream} and return
 * before they are done; {@link Stream#synchronize} waits, and reports what failed meanwhile.
 *
 * <p>Every method throws {@link CudaException}, whose one line names the call and what went wrong.
 * Closing a resource twice does nothing. Not thread-safe: one thread at a time calls a driver, but
 * any may close {@link DeviceMemory}.
 */
public interface CudaDriver extends AutoCloseable {

  /**
   * What the driver tells of a device.
   *
   * @param index which of the machine's devices, from 0
   * @param name as the driver calls it: {@code NVIDIA H200}
   * @param major first number of the compute capability: 9 of 9.0
   * @param minor second number of the compute capability
   * @param multiprocessors how many blocks, at least, run at once
   * @param memoryBytes all of its memory
   * @param sharedBytesMax dynamic shared memory that a block can opt in to
   */
  record Device(
      int index,
      String name,
      int major,
      int minor,
      int multiprocessors,
      long memoryBytes,
      int sharedBytesMax) {}

  Device device();

  /** Where the device is plugged in, {@code 0000:65:00.0}: what other tools know it by. */
  default Optional<String> pciBusId() {
    return Optional.empty();
  }

  /** Device memory that is free now, in bytes. */
  long freeBytes();

  // ---- memory

  /** A range of device memory, aligned to 256 bytes; what it holds is undefined at first. */
  interface DeviceMemory extends AutoCloseable {
    long address();

    long bytes();

    @Override
    void close();
  }

  /** Page-locked host memory: the only kind that asynchronous copies may touch. */
  interface PinnedMemory extends AutoCloseable {
    /** All of it, little-endian; the same buffer at each call, so use absolute positions. */
    ByteBuffer buffer();

    @Override
    void close();
  }

  /**
   * @param what what it is for, for error messages: {@code weights}
   * @param bytes at least 1
   * @throws CudaException out of memory, with the bytes wanted and free
   */
  DeviceMemory allocate(String what, long bytes);

  /** Pinned host memory, zeroed. */
  PinnedMemory allocatePinned(int bytes);

  /** Copies from {@code source} at {@code offset}; its bytes must stay until the stream is past. */
  void copyToDevice(long destination, PinnedMemory source, int offset, int bytes, Stream stream);

  /** Copies to {@code destination} at {@code offset}, readable after the stream is synchronised. */
  void copyToHost(PinnedMemory destination, int offset, long source, int bytes, Stream stream);

  /** Copies within the device; the ranges must not overlap. */
  void copyOnDevice(long destination, long source, long bytes, Stream stream);

  /** Sets every byte of a range of device memory. */
  void fill(long destination, byte value, long bytes, Stream stream);

  // ---- code

  /** Loaded PTX, to be used until it is closed. A driver may keep it for whoever loads it next. */
  interface Module extends AutoCloseable {
    /**
     * @throws CudaException if there is no such entry
     */
    Function function(String name);

    @Override
    void close();
  }

  /** A kernel that can be launched. */
  interface Function {
    String name();

    /** Registers of each thread, 0 where unknown. */
    int registers();

    /** Bytes that each thread spills to or keeps in local memory. */
    int localBytes();

    /** Shared memory that the kernel itself declares. */
    int staticSharedBytes();

    /** Allows launches with up to this much dynamic shared memory; needed above 48 KiB. */
    void allowSharedBytes(int bytes);

    /** Bytes of the parameter block: each parameter at a multiple of its size. */
    int parameterBytes();
  }

  /**
   * @param name for error messages
   * @param ptx the text, without a closing 0
   * @throws CudaException if it does not assemble, with what the assembler said
   */
  Module load(String name, byte[] ptx);

  /** The values of a kernel's parameters, in memory the driver reads without any copy of ours. */
  interface Parameters extends AutoCloseable {
    /** Each parameter at a multiple of its own size, in the kernel's order, little-endian. */
    ByteBuffer buffer();

    @Override
    void close();
  }

  /** A block for the parameters of {@code function}, zeroed; made once and launched often. */
  Parameters parameters(Function function);

  /**
   * Launches. The parameters are read during the call (or during capture: a graph keeps the values
   * that it was captured with), so the block may change as soon as it returns.
   */
  void launch(Function function, LaunchShape shape, Parameters parameters, Stream stream);

  // ---- order and time

  /** Work in order. */
  interface Stream extends AutoCloseable {
    /**
     * Waits until everything before is done.
     *
     * @throws CudaException if any of it failed
     */
    void synchronize();

    /** Whatever comes after waits for the event. */
    void await(Event event);

    @Override
    void close();
  }

  /** A mark in a stream. */
  interface Event extends AutoCloseable {
    void record(Stream stream);

    void synchronize();

    /** Milliseconds from {@code earlier} to this; both must have happened. */
    double millisSince(Event earlier);

    @Override
    void close();
  }

  /** A recorded order of launches and copies that costs one call to run. */
  interface Graph extends AutoCloseable {
    void launch(Stream stream);

    @Override
    void close();
  }

  Stream stream();

  Event event();

  /** What follows on this stream is recorded and not run, until {@link #endCapture}. */
  void beginCapture(Stream stream);

  Graph endCapture(Stream stream);

  /**
   * Ends this object. Streams, events, code and pinned memory are to be closed before; device
   * memory may outlive it, for weights outlive the engine that loaded them.
   */
  @Override
  void close();
}
