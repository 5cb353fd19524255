package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.safetensors.SafetensorsType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * A GPTQ matrix of 4 bits: {@code w[output][input] = scale[g][output] x (q[input][output] -
 * zero[g][output])}, g the input's group.
 *
 * <p>It stays packed: in blocks of 32 inputs, as Q4_0 ({@code d x (q - 8)}) where every zero point
 * is 8 (symmetric), else as Q5_0 ({@code d x (q - 16)}, q from 0 to 31), which holds q - zero for
 * any zero point from 1 to 16. Both are exact: the scales are binary16 in GPTQ and in GGUF.
 *
 * <p>Where the inputs of a group do not stand together (act-order), they are sorted by group
 * ({@link #inputOrder}), and whoever multiplies gathers the activations in that order.
 *
 * <p>Source: AutoGPTQ's and GPTQModel's {@code qlinear} packing.
 */
final class GptqMatrix {
  private static final int BLOCK = 32;
  private static final int PER_INT = 8;

  private final Parts parts;
  private final int inputs;
  private final int outputs;
  private final int zeroOffset;
  private final int[] groups; // of each input
  private final int[] order; // of the inputs; null if it is theirs
  private final boolean symmetric;

  /**
   * @param quants I32 {@code [inputs / 8, outputs]}
   * @param zeros I32 {@code [groups, outputs / 8]}
   * @param scales F16 {@code [groups, outputs]}
   * @param groupIndex I32 {@code [inputs]}, or null
   */
  record Parts(
      Checkpoint.Stored quants,
      Checkpoint.Stored zeros,
      Checkpoint.Stored scales,
      Checkpoint.Stored groupIndex) {}

  /**
   * Checks the parts, and reads the small ones.
   *
   * @throws GgufFormatException if they do not fit together, or the groups are not of whole blocks
   */
  GptqMatrix(Parts parts, GptqConfig config) throws IOException {
    this.parts = parts;
    zeroOffset = config.zeroOffset();
    requireInts(parts.quants);
    requireInts(parts.zeros);
    long in = parts.quants.dim(0) * PER_INT;
    long out = parts.quants.dim(1);
    if (in % BLOCK != 0 || in < BLOCK || out % PER_INT != 0 || in * out > Integer.MAX_VALUE) {
      throw parts.quants.error("has the shape " + parts.quants.tensor().shape());
    }
    inputs = (int) in;
    outputs = (int) out;
    int groupSize = config.groupSize() == -1 ? inputs : config.groupSize();
    if (groupSize % BLOCK != 0 && groupSize < inputs) {
      throw parts.quants.error(
          "has groups of " + groupSize + " inputs; multiples of " + BLOCK + " are supported");
    }
    int groupCount = (inputs + groupSize - 1) / groupSize;
    require(parts.scales, groupCount, outputs);
    require(parts.zeros, groupCount, outputs / PER_INT);
    PlainNumbers.type(parts.scales);
    groups = groups(groupSize, groupCount);
    order = GroupOrder.of(groups, BLOCK, parts.quants);
    symmetric = symmetric();
  }

  private static void requireInts(Checkpoint.Stored stored) throws GgufFormatException {
    if (stored.tensor().type() != SafetensorsType.I32
        || stored.tensor().shape().size() != 2
        || stored.tensor().elements() > 1 << 29) {
      throw stored.error(
          "is %s %s, must be a matrix of I32"
              .formatted(stored.tensor().type(), stored.tensor().shape()));
    }
  }

  private static void require(Checkpoint.Stored stored, int rows, int columns)
      throws GgufFormatException {
    if (!stored.tensor().shape().equals(List.of((long) rows, (long) columns))) {
      throw stored.error(
          "has the shape %s, must be [%d, %d]".formatted(stored.tensor().shape(), rows, columns));
    }
  }

  private int[] groups(int groupSize, int groupCount) throws IOException {
    int[] groups = new int[inputs];
    if (parts.groupIndex == null) {
      for (int i = 0; i < inputs; i++) {
        groups[i] = i / groupSize;
      }
      return groups;
    }
    Checkpoint.Stored stored = parts.groupIndex;
    if (stored.tensor().type() != SafetensorsType.I32
        || !stored.tensor().shape().equals(List.of((long) inputs))) {
      throw stored.error("must be " + inputs + " numbers of I32");
    }
    ByteBuffer bytes = ints(stored);
    for (int i = 0; i < inputs; i++) {
      groups[i] = bytes.getInt();
      if (groups[i] < 0 || groups[i] >= groupCount) {
        throw stored.error("names the group " + groups[i] + " of " + groupCount);
      }
    }
    return groups;
  }

  private boolean symmetric() throws IOException {
    int eights = (8 - zeroOffset) * 0x11111111;
    ByteBuffer zeros = ints(parts.zeros);
    while (zeros.hasRemaining()) {
      if (zeros.getInt() != eights) {
        return false;
      }
    }
    return true;
  }

  private static ByteBuffer ints(Checkpoint.Stored stored) throws IOException {
    return ByteBuffer.wrap(stored.readAll()).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Column i of the packed matrix belongs to this input; empty if to input i. */
  Optional<int[]> inputOrder() {
    return Optional.ofNullable(order).map(int[]::clone);
  }

  /** The packed matrix, its columns in {@link #inputOrder}, its rows in the given order. */
  TensorReader packed(ConvertedTensor.Cache cache, RowOrder rows) {
    GgmlType type = symmetric ? GgmlType.Q4_0 : GgmlType.Q5_0;
    return new ConvertedTensor(
        cache, type, List.of((long) inputs, (long) outputs), () -> pack(type, rows));
  }

  private byte[] pack(GgmlType type, RowOrder rows) throws IOException {
    ByteBuffer quants = ints(parts.quants);
    ByteBuffer zeros = ints(parts.zeros);
    float[] scales = PlainNumbers.read(parts.scales);
    int rowBytes = (int) type.bytes(inputs);
    byte[] packed = new byte[Math.toIntExact((long) rowBytes * outputs)];
    int[] block = new int[BLOCK];
    for (int first = 0; first < inputs; first += BLOCK) {
      int group = groups[order == null ? first : order[first]];
      for (int row = 0; row < outputs; row++) {
        int output = (int) rows.source(row);
        int zeroWord = zeros.getInt(4 * (group * (outputs / PER_INT) + output / PER_INT));
        int zero = ((zeroWord >>> (4 * (output % PER_INT))) & 15) + zeroOffset;
        for (int i = 0; i < BLOCK; i++) {
          int input = order == null ? first + i : order[first + i];
          int word = quants.getInt(4 * (input / PER_INT * outputs + output));
          block[i] = ((word >>> (4 * (input % PER_INT))) & 15) - zero;
        }
        int at = row * rowBytes + first / BLOCK * type.blockBytes();
        short scale = PlainNumbers.toF16(scales[group * outputs + output]);
        FiveBits.write(type, scale, block, packed, at);
      }
    }
    return packed;
  }
}
