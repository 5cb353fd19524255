package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgmlType;
import java.io.IOException;
import java.util.List;

/** One tensor as GGUF would store it, and how to get at its bytes. */
interface TensorReader {

  GgmlType type();

  /** The fastest-varying dimension first. */
  List<Long> dims();

  /** Reads a part of the data; the range is known to lie inside. */
  void read(long byteOffset, byte[] dst, int dstOffset, int length) throws IOException;
}
