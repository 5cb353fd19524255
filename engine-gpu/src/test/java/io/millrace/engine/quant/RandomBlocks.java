package io.millrace.engine.quant;

import io.millrace.engine.gguf.GgmlType;
import java.util.Random;

/** Blocks of random bytes whose scales are of the size that real weights have. */
public final class RandomBlocks {
  private RandomBlocks() {}

  /** So many blocks of a type that {@link BlockFormat} knows. */
  public static byte[] of(GgmlType type, int blocks, Random random) {
    int size = type.blockBytes();
    byte[] data = new byte[blocks * size];
    random.nextBytes(data);
    for (int block = 0; block < blocks; block++) {
      for (int place : halfFloats(type)) {
        int bits = 0x2000 | random.nextInt(0x400); // 2^-7 to 2^-6
        Bytes.putShort(data, block * size + place, (short) bits);
      }
      if (type == GgmlType.MXFP4) {
        data[block * size] = (byte) (120 + random.nextInt(3));
      }
    }
    return data;
  }

  /** Where in a block its binary16 numbers stand. */
  private static int[] halfFloats(GgmlType type) {
    return switch (type) {
      case Q4_0, Q5_0, Q8_0, IQ4_NL, IQ4_XS -> new int[] {0};
      case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
      case Q2_K -> new int[] {80, 82};
      case Q3_K -> new int[] {108};
      case Q6_K -> new int[] {208};
      case TQ1_0 -> new int[] {52};
      case TQ2_0 -> new int[] {64};
      case MXFP4 -> new int[0];
      default -> throw new IllegalArgumentException(type + " has no format");
    };
  }
}
