package io.millrace.engine.backend.cuda;

import java.nio.ByteBuffer;

/** Carries activations to the host, through pinned memory, in pieces. */
final class CudaResults implements AutoCloseable {
  private static final int PIECE_BYTES_MAX = 16 << 20;
  private static final int PIECE_BYTES_MIN = 4 << 10;

  private final CudaDriver driver;
  private final CudaDriver.Stream stream;
  private CudaDriver.PinnedMemory pinned;

  CudaResults(CudaDriver driver, CudaDriver.Stream stream) {
    this.driver = driver;
    this.stream = stream;
  }

  /** Waits for the stream, then copies that many float32 from an address. */
  void read(long from, int elements, float[] into) {
    int piece = Math.min(elements, PIECE_BYTES_MAX / 4);
    ByteBuffer buffer = buffer(4 * piece);
    for (int at = 0; at < elements; at += piece) {
      int count = Math.min(piece, elements - at);
      driver.copyToHost(pinned, 0, from + 4L * at, 4 * count, stream);
      stream.synchronize();
      buffer.asFloatBuffer().get(0, into, at, count);
    }
  }

  private ByteBuffer buffer(int bytes) {
    if (pinned == null || pinned.buffer().capacity() < bytes) {
      close();
      pinned = driver.allocatePinned(StepInputs.powerOfTwo(Math.max(PIECE_BYTES_MIN, bytes)));
    }
    return pinned.buffer();
  }

  @Override
  public void close() {
    if (pinned != null) {
      CudaDriver.PinnedMemory old = pinned;
      pinned = null; // should there be none to be had
      old.close();
    }
  }
}
