package io.millrace.engine.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A step's launches, written down as they are asked for and run together by {@link #run}.
 *
 * <p>A step of the same shape asks for the same launches with the same parameters, to the byte:
 * what differs (tokens, positions, slots) lies in device memory. So the text of the launches is the
 * key of the CUDA graph that runs them all with one call: the second time a step comes it is
 * captured, from the third on it is replayed. A graph can never run anything but what was asked
 * for.
 *
 * <p>Each entry is {@code kernel, grid x, y, z, threads, shared memory} in 32 bits, then the
 * parameter block, padded to 8 bytes.
 */
final class Launches implements AutoCloseable {
  private static final int HEADER_BYTES = 24;

  /** Steps remembered: batches have as many rows as they have, and contexts grow. */
  private static final int STEPS_MAX = 128;

  private final CudaDriver driver;
  private final CudaDriver.Stream stream;
  private final Kernels kernels;
  private final boolean graphs;

  /** By the text's checksum and length, the latest used last. */
  private final Map<Key, Step> steps = new LinkedHashMap<>(16, 0.75f, true);

  private byte[] bytesOfText = new byte[64 << 10];
  private ByteBuffer text = over(bytesOfText);
  private Runnable held; // null for none
  private int parametersAt;
  private int parametersEnd;
  private long launched;
  private long replayed;

  private record Key(long checksum, int bytes) {}

  /** What is known of a step: its graph, if it came twice, with the text that the graph runs. */
  private static final class Step {
    byte[] text;
    CudaDriver.Graph graph;
  }

  /**
   * @param graphs whether to capture what comes again
   */
  Launches(CudaDriver driver, CudaDriver.Stream stream, Kernels kernels, boolean graphs) {
    this.driver = driver;
    this.stream = stream;
    this.kernels = kernels;
    this.graphs = graphs;
  }

  /**
   * Holds back a launch that may still grow: it is written when the next one begins, or all are
   * run.
   *
   * @param write begins and ends it
   */
  void hold(Runnable write) {
    writeHeld();
    held = write;
  }

  /** What is held back is not to be written: whoever held it has done so otherwise. */
  void release() {
    held = null;
  }

  private void writeHeld() {
    Runnable write = held;
    held = null;
    if (write != null) {
      write.run();
    }
  }

  /** Begins a launch; its parameters follow in the kernel's order, then {@link #end}. */
  Launches begin(Kernels.Kernel kernel, int gridX, int gridY, int gridZ, int threads) {
    return begin(kernel, gridX, gridY, gridZ, threads, 0);
  }

  /** The same with dynamic shared memory, bytes. */
  Launches begin(
      Kernels.Kernel kernel, int gridX, int gridY, int gridZ, int threads, int sharedBytes) {
    writeHeld();
    int size = kernel.function().parameterBytes();
    int at = text.position();
    if (text.remaining() < HEADER_BYTES + size + 8) {
      bytesOfText = Arrays.copyOf(bytesOfText, 2 * bytesOfText.length + size);
      text = over(bytesOfText).position(at);
    }
    text.putInt(kernel.id()).putInt(gridX).putInt(gridY).putInt(gridZ).putInt(threads);
    text.putInt(sharedBytes);
    parametersAt = at + HEADER_BYTES;
    parametersEnd = parametersAt + size;
    return this;
  }

  /** A device address, or 0 for none. */
  Launches pointer(long address) {
    align(8);
    text.putLong(address);
    return this;
  }

  Launches integer(int value) {
    align(4);
    text.putInt(value);
    return this;
  }

  Launches real(float value) {
    align(4);
    text.putFloat(value);
    return this;
  }

  private void align(int size) {
    while ((text.position() - parametersAt) % size != 0) {
      text.put((byte) 0);
    }
  }

  /** Ends a launch. */
  void end() {
    if (text.position() != parametersEnd) {
      throw new IllegalStateException(
          (text.position() - parametersAt)
              + " bytes of parameters for a kernel that takes "
              + (parametersEnd - parametersAt));
    }
    align(8);
  }

  /** Runs what was written down; returns before it is done. */
  void run() {
    writeHeld();
    int bytes = text.position();
    if (bytes == 0) {
      return;
    }
    try {
      if (graphs) {
        runOrReplay(bytes);
      } else {
        issue(bytes);
      }
    } finally {
      text.clear();
    }
  }

  /** Forgets what was written down. */
  void discard() {
    held = null;
    text.clear();
  }

  private void runOrReplay(int bytes) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytesOfText, 0, bytes);
    Key key = new Key(checksum.getValue(), bytes);
    Step step = steps.get(key);
    if (step == null) {
      forgetOldest();
      steps.put(key, new Step());
      issue(bytes);
      return;
    }
    if (step.graph == null) {
      step.text = Arrays.copyOf(bytesOfText, bytes);
      step.graph = capture(bytes);
    } else if (Arrays.mismatch(step.text, 0, bytes, bytesOfText, 0, bytes) >= 0) {
      issue(bytes); // another step of the same checksum
      return;
    }
    step.graph.launch(stream);
    replayed++;
  }

  private void forgetOldest() {
    if (steps.size() < STEPS_MAX) {
      return;
    }
    var oldest = steps.values().iterator();
    CudaDriver.Graph graph = oldest.next().graph;
    oldest.remove();
    if (graph != null) {
      stream.synchronize(); // it may be running
      graph.close();
    }
  }

  private CudaDriver.Graph capture(int bytes) {
    driver.beginCapture(stream);
    try {
      issue(bytes);
    } catch (RuntimeException e) {
      try {
        driver.endCapture(stream).close();
      } catch (CudaException ignored) { // what broke it is thrown below
        e.addSuppressed(ignored);
      }
      throw e;
    }
    return driver.endCapture(stream);
  }

  private void issue(int bytes) {
    for (int at = 0; at < bytes; ) {
      Kernels.Kernel kernel = kernels.byId(text.getInt(at));
      int size = kernel.function().parameterBytes();
      kernel.parameters().buffer().put(0, bytesOfText, at + HEADER_BYTES, size);
      LaunchShape shape =
          new LaunchShape(
              text.getInt(at + 4),
              text.getInt(at + 8),
              text.getInt(at + 12),
              text.getInt(at + 16),
              1,
              1,
              text.getInt(at + 20));
      driver.launch(kernel.function(), shape, kernel.parameters(), stream);
      launched++;
      at += HEADER_BYTES + (size + 7) / 8 * 8;
    }
  }

  /** Kernels launched one by one so far, those of captures included. */
  long launched() {
    return launched;
  }

  /** Steps run so far as a graph. */
  long replayed() {
    return replayed;
  }

  private static ByteBuffer over(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    discard();
    for (Step step : steps.values()) {
      if (step.graph != null) {
        step.graph.close();
      }
    }
    steps.clear();
  }
}
