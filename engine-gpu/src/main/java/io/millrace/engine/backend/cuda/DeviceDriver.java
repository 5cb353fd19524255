package io.millrace.engine.backend.cuda;

import static io.millrace.engine.backend.cuda.CudaCalls.at;
import static io.millrace.engine.backend.cuda.CudaCalls.check;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * The driver of a real device, through JCuda.
 *
 * <p>Closing it ends nothing but this object: what it made is closed by itself, and memory may
 * outlive it. May be used by another thread than the one that made it, one at a time; memory and
 * pinned memory may be closed by any.
 */
public final class DeviceDriver implements CudaDriver {

  /** The oldest devices that the kernels run on: Ampere. */
  private static final int MAJOR_MIN = 8;

  private final Device device;
  private final CUcontext context;

  private DeviceDriver(Device device, CUcontext context) {
    this.device = device;
    this.context = context;
  }

  /**
   * Opens a device.
   *
   * @param index which, from 0, of those that the driver shows
   * @throws CudaException with one line that says why it cannot be had: no driver, no such device,
   *     or one that is too old
   */
  public static DeviceDriver open(int index) {
    CudaCalls.initialise();
    int devices = CudaCalls.devices();
    if (index < 0 || index >= devices) {
      throw new CudaException(
          devices == 0
              ? "no NVIDIA GPU: the driver shows none"
              : "no GPU " + index + ": the driver shows 0 to " + (devices - 1));
    }
    Device device = CudaCalls.properties(index);
    if (device.major() < MAJOR_MIN) {
      throw new CudaException(
          "GPU %d (%s) has compute capability %d.%d, the kernels need %d.0 at least"
              .formatted(index, device.name(), device.major(), device.minor(), MAJOR_MIN));
    }
    DeviceDriver driver = new DeviceDriver(device, CudaCalls.context(index));
    driver.enter();
    return driver;
  }

  void enter() {
    CudaCalls.enter(context);
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public Optional<String> pciBusId() {
    return Optional.of(CudaCalls.pciBusId(device.index()));
  }

  @Override
  public long freeBytes() {
    enter();
    long[] free = new long[1];
    check(JCudaDriver.cuMemGetInfo(free, new long[1]), "cuMemGetInfo");
    return free[0];
  }

  // ---- memory

  private final class Memory implements DeviceMemory {
    private final CudaCalls.Allocated pointer = new CudaCalls.Allocated();
    private final long bytes;
    private boolean closed;

    Memory(String what, long bytes) {
      this.bytes = bytes;
      int code = JCudaDriver.cuMemAlloc(pointer, bytes);
      if (code != CUresult.CUDA_SUCCESS) {
        throw new CudaException(
            "cuMemAlloc of %d bytes for %s failed: %s, %d bytes are free"
                .formatted(bytes, what, CudaCalls.describe(code), freeBytes()));
      }
    }

    @Override
    public long address() {
      return pointer.address();
    }

    @Override
    public long bytes() {
      return bytes;
    }

    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        enter();
        check(JCudaDriver.cuMemFree(pointer), "cuMemFree");
      }
    }
  }

  private final class Pinned implements PinnedMemory {
    private final CudaCalls.Pinned pointer = new CudaCalls.Pinned();
    private final ByteBuffer buffer;
    private boolean closed;

    Pinned(int bytes) {
      check(JCudaDriver.cuMemHostAlloc(pointer, bytes, 0), "cuMemHostAlloc of " + bytes + " bytes");
      buffer = pointer.getByteBuffer(0, bytes).order(ByteOrder.LITTLE_ENDIAN);
      for (int at = 0; at < bytes; at++) {
        buffer.put(at, (byte) 0);
      }
    }

    @Override
    public ByteBuffer buffer() {
      return buffer;
    }

    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        enter();
        check(JCudaDriver.cuMemFreeHost(pointer), "cuMemFreeHost");
      }
    }
  }

  @Override
  public DeviceMemory allocate(String what, long bytes) {
    enter();
    return new Memory(what, bytes);
  }

  @Override
  public PinnedMemory allocatePinned(int bytes) {
    enter();
    return new Pinned(bytes);
  }

  @Override
  public void copyToDevice(
      long destination, PinnedMemory source, int offset, int bytes, Stream stream) {
    enter();
    check(
        JCudaDriver.cuMemcpyHtoDAsync(
            at(destination), inside(source, offset, bytes), bytes, DeviceOrder.of(stream)),
        "cuMemcpyHtoDAsync");
  }

  @Override
  public void copyToHost(
      PinnedMemory destination, int offset, long source, int bytes, Stream stream) {
    enter();
    check(
        JCudaDriver.cuMemcpyDtoHAsync(
            inside(destination, offset, bytes), at(source), bytes, DeviceOrder.of(stream)),
        "cuMemcpyDtoHAsync");
  }

  private static Pointer inside(PinnedMemory memory, int offset, int bytes) {
    Pinned pinned = (Pinned) memory;
    if (offset < 0 || bytes < 0 || bytes > pinned.buffer.capacity() - offset) {
      throw new IllegalArgumentException(
          bytes + " bytes at " + offset + " of pinned memory of " + pinned.buffer.capacity());
    }
    return pinned.pointer.withByteOffset(offset);
  }

  @Override
  public void copyOnDevice(long destination, long source, long bytes, Stream stream) {
    enter();
    check(
        JCudaDriver.cuMemcpyDtoDAsync(at(destination), at(source), bytes, DeviceOrder.of(stream)),
        "cuMemcpyDtoDAsync");
  }

  @Override
  public void fill(long destination, byte value, long bytes, Stream stream) {
    enter();
    check(
        JCudaDriver.cuMemsetD8Async(at(destination), value, bytes, DeviceOrder.of(stream)),
        "cuMemsetD8Async");
  }

  // ---- code

  @Override
  public Module load(String name, byte[] ptx) {
    enter();
    return DeviceCode.load(this, name, ptx);
  }

  @Override
  public Parameters parameters(Function function) {
    enter();
    return new DeviceCode.Block(allocatePinned(DeviceCode.Block.bytes(function)), function);
  }

  /** The address that the driver gave pinned memory. */
  static CudaCalls.Pinned pointer(PinnedMemory memory) {
    return ((Pinned) memory).pointer;
  }

  @Override
  public void launch(Function function, LaunchShape shape, Parameters parameters, Stream stream) {
    enter();
    DeviceCode.launch(function, shape, parameters, stream);
  }

  // ---- order and time

  @Override
  public Stream stream() {
    enter();
    return DeviceOrder.stream(this);
  }

  @Override
  public Event event() {
    enter();
    return DeviceOrder.event(this);
  }

  @Override
  public void beginCapture(Stream stream) {
    enter();
    DeviceOrder.beginCapture(stream);
  }

  @Override
  public Graph endCapture(Stream stream) {
    enter();
    return DeviceOrder.endCapture(this, stream);
  }

  @Override
  public void close() {
    // The context stays: see CudaCalls.
  }
}
