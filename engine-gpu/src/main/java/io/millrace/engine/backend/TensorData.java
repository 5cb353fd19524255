package io.millrace.engine.backend;

import java.io.IOException;

/** A weight's bytes as they lie in its file, read piece by piece so that no second copy is held. */
@FunctionalInterface
public interface TensorData {

  /**
   * Reads {@code length} bytes that start {@code offset} bytes into the tensor.
   *
   * @param into filled from index 0
   * @throws IOException if the file cannot be read
   */
  void read(long offset, byte[] into, int length) throws IOException;
}
