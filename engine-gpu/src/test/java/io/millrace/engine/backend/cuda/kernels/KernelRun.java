package io.millrace.engine.backend.cuda.kernels;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.millrace.engine.backend.cuda.CudaDriver;
import io.millrace.engine.backend.cuda.DeviceDriver;
import io.millrace.engine.backend.cuda.LaunchShape;
import io.millrace.engine.backend.cuda.ptx.PtxDriver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs single kernels of the committed PTX. Each array is its own allocation, so that the
 * interpreter sees whatever reads or writes past one.
 *
 * <p>With {@code -Dmillrace.test.device=0} they run on that GPU instead.
 */
final class KernelRun implements AutoCloseable {
  private static final Map<String, byte[]> TEXTS = new ConcurrentHashMap<>();

  /** Modules that another text stands in for, and the kernels that were launched meanwhile. */
  private record Planted(String module, byte[] ptx, Set<String> launched) {}

  private static final ThreadLocal<Planted> PLANTED = new ThreadLocal<>();

  private final CudaDriver driver = driver();
  private final CudaDriver.Stream stream = driver.stream();
  private final List<CudaDriver.DeviceMemory> memory = new ArrayList<>();

  private static CudaDriver driver() {
    Integer device = Integer.getInteger("millrace.test.device");
    return device == null ? new PtxDriver(256 << 20) : DeviceDriver.open(device);
  }

  /**
   * Runs a check on a module with another text.
   *
   * @return the kernels that were launched
   */
  static Set<String> withPlanted(String module, String ptx, Runnable check) {
    Planted planted = new Planted(module, ptx.getBytes(UTF_8), new TreeSet<>());
    PLANTED.set(planted);
    try {
      check.run();
    } finally {
      PLANTED.remove();
    }
    return planted.launched();
  }

  /** An array on the device. */
  record Array(long address, int bytes) {
    static final Array NONE = new Array(0, 0);
  }

  Array floats(float... x) {
    byte[] bytes = new byte[4 * x.length];
    little(bytes).asFloatBuffer().put(x);
    return bytes(bytes);
  }

  Array ints(int... x) {
    byte[] bytes = new byte[4 * x.length];
    little(bytes).asIntBuffer().put(x);
    return bytes(bytes);
  }

  Array longs(long... x) {
    byte[] bytes = new byte[8 * x.length];
    little(bytes).asLongBuffer().put(x);
    return bytes(bytes);
  }

  Array bytes(byte[] x) {
    Array array = empty(x.length);
    try (CudaDriver.PinnedMemory pinned = driver.allocatePinned(x.length)) {
      pinned.buffer().put(0, x);
      driver.copyToDevice(array.address(), pinned, 0, x.length, stream);
      stream.synchronize();
    }
    return array;
  }

  /** Memory that nothing has been written to. */
  Array empty(int bytes) {
    CudaDriver.DeviceMemory range = driver.allocate("test", bytes);
    memory.add(range);
    return new Array(range.address(), bytes);
  }

  /** Arguments are Arrays, Integers and Floats in the kernel's order. */
  void launch(
      String module, String kernel, int gridX, int gridY, int gridZ, int threads, Object... args) {
    launch(module, kernel, new LaunchShape(gridX, gridY, gridZ, threads, 1, 1, 0), args);
  }

  /** The same of any shape. */
  void launch(String module, String kernel, LaunchShape shape, Object... args) {
    Planted planted = PLANTED.get();
    boolean other = planted != null && planted.module().equals(module);
    if (planted != null) {
      planted.launched().add(kernel);
    }
    byte[] ptx = other ? planted.ptx() : text(module);
    try (CudaDriver.Module loaded = driver.load(module, ptx)) {
      CudaDriver.Function function = loaded.function(kernel);
      try (CudaDriver.Parameters parameters = driver.parameters(function)) {
        int at = 0;
        for (Object arg : args) {
          if (arg instanceof Array array) {
            parameters.buffer().putLong(at, array.address());
            at += 8;
          } else {
            int bits = arg instanceof Float real ? Float.floatToRawIntBits(real) : (Integer) arg;
            parameters.buffer().putInt(at, bits);
            at += 4;
          }
        }
        if (at != function.parameterBytes()) {
          throw new IllegalArgumentException(
              kernel + " takes " + function.parameterBytes() + " bytes of parameters, not " + at);
        }
        if (shape.sharedBytes() > 0) {
          function.allowSharedBytes(shape.sharedBytes());
        }
        driver.launch(function, shape, parameters, stream);
        stream.synchronize();
      }
    }
  }

  float[] readFloats(Array array) {
    float[] x = new float[array.bytes() / 4];
    read(array).asFloatBuffer().get(x);
    return x;
  }

  int[] readInts(Array array) {
    int[] x = new int[array.bytes() / 4];
    read(array).asIntBuffer().get(x);
    return x;
  }

  ByteBuffer read(Array array) {
    try (CudaDriver.PinnedMemory pinned = driver.allocatePinned(array.bytes())) {
      driver.copyToHost(pinned, 0, array.address(), array.bytes(), stream);
      stream.synchronize();
      byte[] bytes = new byte[array.bytes()];
      pinned.buffer().get(0, bytes);
      return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] text(String module) {
    return TEXTS.computeIfAbsent(
        module,
        name -> {
          try {
            return Files.readAllBytes(Ptx.RESOURCES.resolve("sm80/" + name + ".ptx"));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  static int ceilDiv(int count, int by) {
    return (count + by - 1) / by;
  }

  @Override
  public void close() {
    memory.forEach(CudaDriver.DeviceMemory::close);
    stream.close();
    driver.close();
  }
}
