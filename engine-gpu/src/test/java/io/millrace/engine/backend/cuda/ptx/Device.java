package io.millrace.engine.backend.cuda.ptx;

import io.millrace.engine.backend.cuda.CudaDriver;
import io.millrace.engine.backend.cuda.LaunchShape;
import io.millrace.engine.quant.HalfFloats;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A driver with one module and one stream, for tests of single kernels: arrays in, a launch with
 * plain Java arguments, an array out.
 *
 * <pre>{@code
 * try (Device device = new Device(ptx)) {
 *   long x = device.floats("x", values);
 *   long out = device.empty("out", 4 * values.length);
 *   device.launch("twice", LaunchShape.of(1, 32), x, out, values.length);
 *   float[] result = device.floats(out, values.length);
 * }
 * }</pre>
 */
public final class Device implements AutoCloseable {
  private static final long MEMORY_BYTES = 1L << 30;

  private final CudaDriver driver;
  private final CudaDriver.Stream stream;
  private final CudaDriver.Module module;

  /** An interpreter with this PTX loaded. */
  public Device(String ptx) {
    this(new PtxDriver(MEMORY_BYTES), ptx);
  }

  /** Any driver, with this PTX loaded. */
  public Device(CudaDriver driver, String ptx) {
    this.driver = driver;
    stream = driver.stream();
    module = driver.load("the PTX", ptx.getBytes(StandardCharsets.UTF_8));
  }

  /** An allocation of its own that nothing was written to. */
  public long empty(String what, long bytes) {
    return driver.allocate(what, bytes).address();
  }

  /** An allocation of its own with these bytes. */
  public long bytes(String what, byte[] values) {
    CudaDriver.PinnedMemory pinned = driver.allocatePinned(values.length);
    pinned.buffer().put(0, values);
    long address = empty(what, values.length);
    driver.copyToDevice(address, pinned, 0, values.length, stream);
    stream.synchronize();
    return address;
  }

  public long floats(String what, float... values) {
    ByteBuffer buffer = buffer(4 * values.length);
    buffer.asFloatBuffer().put(values);
    return bytes(what, buffer.array());
  }

  public long ints(String what, int... values) {
    ByteBuffer buffer = buffer(4 * values.length);
    buffer.asIntBuffer().put(values);
    return bytes(what, buffer.array());
  }

  /** As f16, rounded. */
  public long halves(String what, float... values) {
    ByteBuffer buffer = buffer(2 * values.length);
    for (float value : values) {
      buffer.putShort(HalfFloats.toF16(value));
    }
    return bytes(what, buffer.array());
  }

  /** The bytes at an address of the device. */
  public byte[] bytes(long address, int count) {
    CudaDriver.PinnedMemory pinned = driver.allocatePinned(count);
    driver.copyToHost(pinned, 0, address, count, stream);
    stream.synchronize();
    byte[] values = new byte[count];
    pinned.buffer().get(0, values);
    return values;
  }

  public float[] floats(long address, int count) {
    float[] values = new float[count];
    wrap(bytes(address, 4 * count)).asFloatBuffer().get(values);
    return values;
  }

  public int[] ints(long address, int count) {
    int[] values = new int[count];
    wrap(bytes(address, 4 * count)).asIntBuffer().get(values);
    return values;
  }

  /** From f16. */
  public float[] halves(long address, int count) {
    ByteBuffer buffer = wrap(bytes(address, 2 * count));
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = HalfFloats.f16(buffer.getShort());
    }
    return values;
  }

  /**
   * Launches and waits.
   *
   * @param arguments Long for pointers, Integer and Float: each takes its own size
   */
  public void launch(String kernel, LaunchShape shape, Object... arguments) {
    CudaDriver.Function function = module.function(kernel);
    if (shape.sharedBytes() > 0) {
      function.allowSharedBytes(shape.sharedBytes());
    }
    try (CudaDriver.Parameters parameters = driver.parameters(function)) {
      int at = 0;
      for (Object argument : arguments) {
        if (argument instanceof Long pointer) {
          at = (at + 7) & -8;
          parameters.buffer().putLong(at, pointer);
          at += 8;
        } else if (argument instanceof Integer number) {
          parameters.buffer().putInt(at, number);
          at += 4;
        } else {
          parameters.buffer().putFloat(at, (Float) argument);
          at += 4;
        }
      }
      if (at != function.parameterBytes()) {
        throw new IllegalArgumentException(
            kernel + " takes " + function.parameterBytes() + " bytes of parameters, not " + at);
      }
      driver.launch(function, shape, parameters, stream);
      stream.synchronize();
    }
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer wrap(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    module.close();
    stream.close();
    driver.close();
  }
}
