package io.millrace.engine.model;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufValue;
import io.millrace.engine.gguf.GgufWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** A llama with random weights in any shape and weight type, for tests. */
public record ToyLlama(
    GgmlType type,
    int vocab,
    int dim,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int ropeDim,
    int ffn,
    boolean tied) {

  /** Dimensions that no vector length divides; only for types without blocks. */
  public static ToyLlama odd(GgmlType type) {
    return new ToyLlama(type, 53, 45, 2, 6, 2, 18, 10, 37, false);
  }

  /** Dimensions of whole blocks of 32, but of no larger power of two. */
  public static ToyLlama blocks(GgmlType type) {
    return new ToyLlama(type, 77, 96, 2, 6, 2, 16, 16, 160, true);
  }

  public static ToyLlama of(GgmlType type) {
    return type.quantized() ? blocks(type) : odd(type);
  }

  /** Writes the model's file. */
  public Path write(Path path) throws IOException {
    writer().write(path);
    return path;
  }

  /** All metadata and tensors, to be changed before they are written. */
  public GgufWriter writer() {
    GgufWriter writer = new GgufWriter();
    writer.put("general.architecture", GgufValue.ofString("llama"));
    Map<String, Integer> integers = new LinkedHashMap<>();
    integers.put("context_length", 128);
    integers.put("embedding_length", dim);
    integers.put("block_count", layers);
    integers.put("feed_forward_length", ffn);
    integers.put("attention.head_count", heads);
    integers.put("attention.head_count_kv", kvHeads);
    integers.put("attention.key_length", headDim);
    integers.put("attention.value_length", headDim);
    integers.put("rope.dimension_count", ropeDim);
    integers.forEach((key, value) -> writer.put("llama." + key, GgufValue.ofUint32(value)));
    writer.put("llama.attention.layer_norm_rms_epsilon", GgufValue.ofFloat(1e-5f));
    writer.put("llama.rope.freq_base", GgufValue.ofFloat(1000f));
    Random random = new Random(7);
    matrix(writer, "token_embd.weight", vocab, dim, random);
    for (int i = 0; i < layers; i++) {
      String block = "blk." + i + ".";
      vector(writer, block + "attn_norm.weight", random);
      matrix(writer, block + "attn_q.weight", heads * headDim, dim, random);
      matrix(writer, block + "attn_k.weight", kvHeads * headDim, dim, random);
      matrix(writer, block + "attn_v.weight", kvHeads * headDim, dim, random);
      matrix(writer, block + "attn_output.weight", dim, heads * headDim, random);
      vector(writer, block + "ffn_norm.weight", random);
      matrix(writer, block + "ffn_gate.weight", ffn, dim, random);
      matrix(writer, block + "ffn_up.weight", ffn, dim, random);
      matrix(writer, block + "ffn_down.weight", dim, ffn, random);
    }
    vector(writer, "output_norm.weight", random);
    if (!tied) {
      matrix(writer, "output.weight", vocab, dim, random);
    }
    return writer;
  }

  private void matrix(GgufWriter writer, String name, int rows, int columns, Random random) {
    byte[] data = randomWeights(type, rows, columns, random);
    writer.tensor(name, type, new long[] {columns, rows}, out -> out.write(data));
  }

  private void vector(GgufWriter writer, String name, Random random) {
    ByteBuffer data = ByteBuffer.allocate(4 * dim).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < dim; i++) {
      data.putFloat(0.5f + random.nextFloat());
    }
    writer.tensor(name, GgmlType.F32, new long[] {dim}, out -> out.write(data.array()));
  }

  /** Weights of about +-0.1 to 0.5, as they lie in a file. */
  public static byte[] randomWeights(GgmlType type, int rows, int columns, Random random) {
    ByteBuffer data =
        ByteBuffer.allocate((int) type.bytes((long) rows * columns)).order(ByteOrder.LITTLE_ENDIAN);
    while (data.hasRemaining()) {
      int bits = random.nextInt(1 << 16);
      switch (type) {
        case F32 -> data.putFloat((float) random.nextGaussian() * 0.15f);
        case F16 -> data.putShort((short) ((bits & 0x87ff) | (0x2800 + (bits >> 3 & 0x800))));
        case BF16 -> data.putShort((short) ((bits & 0x80ff) | 0x3d00));
        default -> {
          // a binary16 scale: 2^-10 or so for Q8_0, 2^-6 for Q4_0
          data.putShort((short) ((type == GgmlType.Q8_0 ? 0x1400 : 0x2400) + (bits & 0x3ff)));
          byte[] quants = new byte[type.blockBytes() - 2];
          random.nextBytes(quants);
          data.put(quants);
        }
      }
    }
    return data.array();
  }
}
