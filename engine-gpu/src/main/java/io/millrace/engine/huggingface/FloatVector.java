package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Vectors, which GGUF files hold as float32 whatever the checkpoint has. */
final class FloatVector {
  private static final int ELEMENTS_MAX = 1 << 26;

  private FloatVector() {}

  /** Makes the numbers of a vector. */
  @FunctionalInterface
  interface Numbers {
    float[] make() throws IOException;
  }

  static TensorReader of(ConvertedTensor.Cache cache, int length, Numbers numbers) {
    return new ConvertedTensor(
        cache, GgmlType.F32, List.of((long) length), () -> bytes(numbers.make()));
  }

  /**
   * A vector of a checkpoint.
   *
   * @param offset is added to every element
   * @param order where the elements stand
   */
  static TensorReader of(
      ConvertedTensor.Cache cache, Checkpoint.Stored stored, float offset, RowOrder order)
      throws GgufFormatException {
    PlainNumbers.type(stored);
    if (stored.tensor().shape().size() != 1
        || stored.tensor().elements() < 1
        || stored.tensor().elements() > ELEMENTS_MAX) {
      throw stored.error("has the shape " + stored.tensor().shape() + ", must be a vector");
    }
    int length = (int) stored.tensor().elements();
    return of(
        cache,
        length,
        () -> {
          float[] source = PlainNumbers.read(stored);
          float[] numbers = new float[length];
          for (int i = 0; i < length; i++) {
            numbers[i] = source[(int) order.source(i)] + offset;
          }
          return numbers;
        });
  }

  private static byte[] bytes(float[] numbers) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(numbers);
    return bytes.array();
  }
}
