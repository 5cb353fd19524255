package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.safetensors.SafetensorsType;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A BitNet matrix: every weight is -1, 0 or 1 times one scale of the matrix. It is stored packed,
 * four to a byte, or as the floating-point weights of training, which the model rounds when it runs
 * ({@code round(w / mean |w|)}, within -1 to 1).
 *
 * <p>In GGUF's terms: TQ2_0 with all block scales 1 (so that nothing is rounded), and the scale as
 * a tensor of its own.
 *
 * <p>Source: transformers' {@code integrations/bitnet.py}.
 */
final class TernaryMatrix {
  private static final float MEAN_MIN = 1e-5f;
  private static final short ONE = 0x3C00;
  private static final int TQ2_ELEMENTS = 256;
  private static final int TQ2_BYTES = 66;

  private final Checkpoint.Stored stored;
  private final Checkpoint.Stored storedScale;
  private final boolean scaleInverted;
  private final int rows;
  private final int columns;
  private Float mean; // of the absolute weights; null until known

  /**
   * @param stored packed {@code [rows / 4, columns]} of U8, or floating-point {@code [rows,
   *     columns]}
   * @param storedScale one number, or null where the matrix is not packed
   * @param scaleInverted whether results are divided by the scale, not multiplied
   */
  private TernaryMatrix(
      Checkpoint.Stored stored, Checkpoint.Stored storedScale, boolean scaleInverted) {
    this.stored = stored;
    this.storedScale = storedScale;
    this.scaleInverted = scaleInverted;
    this.rows = Math.toIntExact(stored.dim(0) * (storedScale == null ? 1 : 4));
    this.columns = Math.toIntExact(stored.dim(1));
  }

  /**
   * @throws GgufFormatException if the tensors are not those of a ternary matrix
   */
  static TernaryMatrix of(
      Checkpoint.Stored stored, Optional<Checkpoint.Stored> scale, boolean scaleInverted)
      throws GgufFormatException {
    boolean packed = stored.tensor().type() == SafetensorsType.U8;
    if (stored.tensor().shape().size() != 2
        || stored.tensor().elements() == 0
        || stored.tensor().elements() > Integer.MAX_VALUE / 8) {
      throw stored.error("has the shape " + stored.tensor().shape() + ", must be a matrix");
    }
    if (!packed) {
      PlainNumbers.type(stored);
    } else if (scale.isEmpty() || scale.get().tensor().elements() != 1) {
      throw stored.error("is packed, but has no weight_scale of one number");
    }
    if (stored.dim(1) % TQ2_ELEMENTS != 0) {
      throw stored.error(
          "has %d columns; ternary weights need whole blocks of %d"
              .formatted(stored.dim(1), TQ2_ELEMENTS));
    }
    return new TernaryMatrix(stored, packed ? scale.get() : null, scaleInverted);
  }

  List<Long> dims() {
    return List.of((long) columns, (long) rows);
  }

  /** The weights less their scale. */
  TensorReader quants(ConvertedTensor.Cache cache) {
    return new ConvertedTensor(cache, GgmlType.TQ2_0, dims(), () -> pack(ternary()));
  }

  /** The scale, {@code [1]}. */
  TensorReader scale(ConvertedTensor.Cache cache) {
    return FloatVector.of(cache, 1, () -> new float[] {scale()});
  }

  private float scale() throws IOException {
    if (storedScale == null) {
      return mean(null);
    }
    float scale = PlainNumbers.read(storedScale)[0];
    return scaleInverted ? 1 / scale : scale;
  }

  private synchronized float mean(float[] weights) throws IOException {
    if (mean == null) {
      double sum = 0;
      for (float weight : weights == null ? PlainNumbers.read(stored) : weights) {
        sum += Math.abs(weight);
      }
      mean = Math.max(MEAN_MIN, (float) (sum / ((double) rows * columns)));
    }
    return mean;
  }

  /** 0, 1, 2 for -1, 0, 1, row by row. */
  private byte[] ternary() throws IOException {
    byte[] ternary = new byte[rows * columns];
    if (storedScale == null) {
      float[] weights = PlainNumbers.read(stored);
      float inverse = 1 / mean(weights);
      for (int i = 0; i < ternary.length; i++) {
        ternary[i] = (byte) (Math.max(-1, Math.min(1, Math.rint(weights[i] * inverse))) + 1);
      }
      return ternary;
    }
    byte[] packed = stored.readAll();
    for (int quarter = 0; quarter < 4; quarter++) { // the matrix's quarters share bytes
      for (int i = 0; i < packed.length; i++) {
        int value = (packed[i] >> (2 * quarter)) & 3;
        if (value == 3) {
          throw stored.error("holds a weight that is not -1, 0 or 1");
        }
        ternary[quarter * packed.length + i] = (byte) value;
      }
    }
    return ternary;
  }

  private static byte[] pack(byte[] ternary) {
    byte[] blocks = new byte[ternary.length / TQ2_ELEMENTS * TQ2_BYTES];
    for (int block = 0; block < ternary.length / TQ2_ELEMENTS; block++) {
      int at = block * TQ2_BYTES;
      for (int i = 0; i < TQ2_ELEMENTS; i++) {
        // Of each half, four runs of 32 elements share 32 bytes.
        int at2 = at + i / 128 * 32 + i % 32;
        blocks[at2] |= (byte) (ternary[block * TQ2_ELEMENTS + i] << (2 * (i % 128 / 32)));
      }
      blocks[at + TQ2_BYTES - 2] = (byte) ONE;
      blocks[at + TQ2_BYTES - 1] = (byte) (ONE >> 8);
    }
    return blocks;
  }
}
