package io.millrace.engine.convert;

import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import io.millrace.engine.quant.RowDecoder;
import java.io.IOException;

/**
 * A tensor's rows as they are in a file, decoded. Refuses NaN and infinity.
 *
 * @param tensor of a type that can be decoded
 */
record TensorRows(ModelSource source, TensorInfo tensor) implements RowSource {

  @Override
  public void read(long row, float[] into) throws IOException {
    byte[] bytes = new byte[Math.toIntExact(tensor.rowBytes())];
    source.read(tensor, row * bytes.length, bytes, 0, bytes.length);
    RowDecoder.decode(tensor.type(), bytes, 0, into.length, into, 0);
    for (float element : into) {
      if (!Float.isFinite(element)) {
        throw error(source, tensor, "holds " + element + " in row " + row);
      }
    }
  }

  static GgufFormatException error(ModelSource source, TensorInfo tensor, String problem) {
    return new GgufFormatException(
        source.path() + ": tensor " + GgufFormatException.quote(tensor.name()) + " " + problem);
  }
}
