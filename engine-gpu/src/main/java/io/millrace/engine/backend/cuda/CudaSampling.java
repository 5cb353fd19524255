package io.millrace.engine.backend.cuda;

import io.millrace.engine.sampling.RowDraws;
import java.nio.ByteBuffer;

/**
 * Draws tokens where the logits are: 4 bytes a row come back instead of the whole vocabulary's. The
 * noise is the host's, a hash of (seed, choice, position, token).
 */
final class CudaSampling implements AutoCloseable {
  private static final int THREADS = 512;

  /** Of a row: its seed, its whole and its real numbers, and the token that comes back. */
  private static final int ROW_BYTES = 8 + 4 * RowDraws.WHOLE + 4 * RowDraws.REAL + 4;

  private final CudaDriver driver;
  private final CudaDriver.Stream stream;
  private final Kernels kernels;
  private final Launches launches;
  private final Scratch device;
  private CudaDriver.PinnedMemory staging;

  CudaSampling(
      CudaDriver driver,
      CudaDriver.Stream stream,
      Kernels kernels,
      Launches launches,
      CudaMemory memory,
      Runnable beforeFreeing) {
    this.driver = driver;
    this.stream = stream;
    this.kernels = kernels;
    this.launches = launches;
    this.device = new Scratch(memory, "what tokens are drawn with", beforeFreeing);
  }

  /**
   * Runs what was asked for, then draws.
   *
   * @param logits {@code [rows][stride]}
   * @param tokens gets one for each row, -1 where none can be drawn
   */
  void draw(CudaTensor logits, RowDraws draws, int[] tokens) {
    int rows = draws.rows();
    int padded = StepInputs.powerOfTwo(rows); // where arrays begin changes seldom
    int wholeAt = 8 * padded;
    int realAt = wholeAt + 4 * RowDraws.WHOLE * padded;
    int tokensAt = realAt + 4 * RowDraws.REAL * padded;
    int bytes = Math.multiplyExact(ROW_BYTES, padded);
    long to = device.reserve(bytes);
    ByteBuffer buffer = staging(bytes);
    for (int row = 0; row < rows; row++) {
      buffer.putLong(8 * row, draws.seeds()[row]);
    }
    for (int i = 0; i < RowDraws.WHOLE * rows; i++) {
      buffer.putInt(wholeAt + 4 * i, draws.whole()[i]);
    }
    for (int i = 0; i < RowDraws.REAL * rows; i++) {
      buffer.putFloat(realAt + 4 * i, draws.real()[i]);
    }
    driver.copyToDevice(to, staging, 0, tokensAt, stream);
    launches
        .begin(kernels.get("sample", "sample_tokens"), rows, 1, 1, THREADS)
        .pointer(logits.address())
        .pointer(to)
        .pointer(to + wholeAt)
        .pointer(to + realAt)
        .pointer(to + tokensAt)
        .integer(rows)
        .integer(draws.vocabSize())
        .integer(logits.columns())
        .end();
    launches.run();
    driver.copyToHost(staging, tokensAt, to + tokensAt, 4 * rows, stream);
    stream.synchronize(); // after this nothing uses the staging memory
    for (int row = 0; row < rows; row++) {
      tokens[row] = buffer.getInt(tokensAt + 4 * row);
    }
  }

  private ByteBuffer staging(int bytes) {
    if (staging == null || staging.buffer().capacity() < bytes) {
      close(staging);
      staging = null; // should there be none to be had
      staging = driver.allocatePinned(bytes);
    }
    return staging.buffer();
  }

  private static void close(CudaDriver.PinnedMemory memory) {
    if (memory != null) {
      memory.close();
    }
  }

  @Override
  public void close() {
    device.close();
    close(staging);
    staging = null;
  }
}
