package io.millrace.engine.backend.cuda.ptx;

import io.millrace.engine.backend.cuda.CudaDriver;
import io.millrace.engine.backend.cuda.LaunchShape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A driver that interprets PTX on the calling thread: everything is done when its call returns, and
 * what a kernel does wrong is thrown from {@link #launch}. Host code that uses what it closed, or
 * that leaves a stream's order to luck, may so pass here and fail on a device.
 */
public final class PtxDriver implements CudaDriver {
  private static final int SHARED_BYTES_MAX = 163 * 1024;
  private static final int SHARED_BYTES_DEFAULT = 48 * 1024;

  private final DeviceSpace space;
  private long executed;
  private int launches;

  /**
   * @param memoryBytes how much the device has
   */
  public PtxDriver(long memoryBytes) {
    space = new DeviceSpace(memoryBytes);
  }

  /** Instructions that threads have executed so far. */
  public long executed() {
    return executed;
  }

  /** Kernels launched so far. */
  public int launches() {
    return launches;
  }

  @Override
  public Device device() {
    return new Device(0, "PTX interpreter", 8, 0, 1, space.capacity(), SHARED_BYTES_MAX);
  }

  @Override
  public long freeBytes() {
    return space.free();
  }

  // ---- memory

  private record Allocation(DeviceSpace space, long address, long bytes) implements DeviceMemory {
    @Override
    public void close() {
      space.free(address);
    }
  }

  @Override
  public DeviceMemory allocate(String what, long bytes) {
    return new Allocation(space, space.allocate(what, bytes), bytes);
  }

  private record Pinned(ByteBuffer buffer) implements PinnedMemory, Parameters {
    @Override
    public void close() {}
  }

  private static Pinned buffer(int bytes) {
    return new Pinned(ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN));
  }

  @Override
  public PinnedMemory allocatePinned(int bytes) {
    return buffer(bytes);
  }

  @Override
  public void copyToDevice(
      long destination, PinnedMemory source, int offset, int bytes, Stream stream) {
    does(
        stream,
        () -> { // a captured copy reads the buffer when it runs, as a device does
          byte[] copied = new byte[bytes];
          source.buffer().get(offset, copied);
          write("copy to device", destination, copied);
        });
  }

  private void write(String call, long destination, byte[] bytes) {
    Memory memory = space.range(call, destination, bytes.length);
    int at = (int) DeviceSpace.offset(destination);
    System.arraycopy(bytes, 0, memory.bytes, at, bytes.length);
    Arrays.fill(memory.state, at, at + bytes.length, Memory.WRITTEN);
  }

  @Override
  public void copyToHost(
      PinnedMemory destination, int offset, long source, int bytes, Stream stream) {
    does(stream, () -> destination.buffer().put(offset, read("copy to host", source, bytes)));
  }

  private byte[] read(String call, long source, long bytes) {
    Memory memory = space.range(call, source, bytes);
    int at = (int) DeviceSpace.offset(source);
    for (int i = at; i < at + bytes; i++) {
      if (memory.state[i] != Memory.WRITTEN) {
        throw new PtxFault(call + ": nothing was written at " + i + " of " + memory);
      }
    }
    return Arrays.copyOfRange(memory.bytes, at, at + (int) bytes);
  }

  @Override
  public void copyOnDevice(long destination, long source, long bytes, Stream stream) {
    String call = "copy on device";
    does(stream, () -> write(call, destination, read(call, source, bytes)));
  }

  @Override
  public void fill(long destination, byte value, long bytes, Stream stream) {
    does(
        stream,
        () -> {
          Memory memory = space.range("fill", destination, bytes);
          int at = (int) DeviceSpace.offset(destination);
          Arrays.fill(memory.bytes, at, at + (int) bytes, value);
          Arrays.fill(memory.state, at, at + (int) bytes, Memory.WRITTEN);
        });
  }

  // ---- code

  private record Loaded(PtxModule module) implements Module {
    @Override
    public Function function(String name) {
      return new Entry(module.kernel(name), new int[] {SHARED_BYTES_DEFAULT});
    }

    @Override
    public void close() {
      module.close();
    }
  }

  /**
   * @param sharedAllowed one number: dynamic shared memory that a launch may ask for
   */
  private record Entry(Kernel kernel, int[] sharedAllowed) implements Function {
    @Override
    public String name() {
      return kernel.name();
    }

    @Override
    public int registers() {
      return 0;
    }

    @Override
    public int localBytes() {
      return kernel.localBytes();
    }

    @Override
    public int staticSharedBytes() {
      return kernel.sharedDeclared();
    }

    @Override
    public void allowSharedBytes(int bytes) {
      if (bytes + kernel.sharedDeclared() > SHARED_BYTES_MAX) {
        throw new PtxFault(
            "%s: %d bytes of shared memory are more than the device's %d"
                .formatted(name(), bytes + kernel.sharedDeclared(), SHARED_BYTES_MAX));
      }
      sharedAllowed[0] = Math.max(sharedAllowed[0], bytes);
    }

    @Override
    public int parameterBytes() {
      return kernel.parameterBytes();
    }
  }

  @Override
  public Module load(String name, byte[] ptx) {
    return new Loaded(new PtxModule(name, new String(ptx, StandardCharsets.UTF_8), space));
  }

  @Override
  public Parameters parameters(Function function) {
    return buffer(Math.max(1, function.parameterBytes()));
  }

  @Override
  public void launch(Function function, LaunchShape shape, Parameters parameters, Stream stream) {
    Entry entry = (Entry) function;
    Kernel kernel = entry.kernel();
    if (shape.sharedBytes() + kernel.sharedDeclared() > entry.sharedAllowed()[0]) {
      throw new PtxFault(
          "%s: %d bytes of shared memory, %d are allowed"
              .formatted(
                  kernel.name(),
                  shape.sharedBytes() + kernel.sharedDeclared(),
                  entry.sharedAllowed()[0]));
    }
    byte[] values = new byte[kernel.parameterBytes()];
    parameters.buffer().get(0, values);
    does(
        stream,
        () -> {
          Launch launch = new Launch(space, kernel, shape, values);
          launches++;
          try {
            launch.run();
          } finally {
            executed += launch.executed;
          }
        });
  }

  // ---- order

  /** Runs at once, but for what it captures. */
  private static final class Order implements Stream {
    private List<Runnable> captured;

    @Override
    public void synchronize() {
      if (captured != null) {
        throw new PtxFault("a stream that captures cannot be waited for");
      }
    }

    @Override
    public void await(Event event) {}

    @Override
    public void close() {}
  }

  private static void does(Stream stream, Runnable work) {
    List<Runnable> captured = ((Order) stream).captured;
    if (captured != null) {
      captured.add(work);
    } else {
      work.run();
    }
  }

  @Override
  public Stream stream() {
    return new Order();
  }

  /** Happens when it is recorded. */
  private static final class Mark implements Event {
    private long nanos = Long.MIN_VALUE;

    @Override
    public void record(Stream stream) {
      does(stream, () -> nanos = System.nanoTime());
    }

    @Override
    public void synchronize() {}

    @Override
    public double millisSince(Event earlier) {
      if (nanos == Long.MIN_VALUE || ((Mark) earlier).nanos == Long.MIN_VALUE) {
        throw new PtxFault("an event was not recorded");
      }
      return (nanos - ((Mark) earlier).nanos) / 1e6;
    }

    @Override
    public void close() {}
  }

  @Override
  public Event event() {
    return new Mark();
  }

  private record Captured(List<Runnable> work) implements Graph {
    @Override
    public void launch(Stream stream) {
      does(stream, () -> work.forEach(Runnable::run));
    }

    @Override
    public void close() {}
  }

  @Override
  public void beginCapture(Stream stream) {
    Order order = (Order) stream;
    if (order.captured != null) {
      throw new PtxFault("the stream captures already");
    }
    order.captured = new ArrayList<>();
  }

  @Override
  public Graph endCapture(Stream stream) {
    Order order = (Order) stream;
    if (order.captured == null) {
      throw new PtxFault("the stream captures nothing");
    }
    Graph graph = new Captured(order.captured);
    order.captured = null;
    return graph;
  }

  @Override
  public void close() {}
}
