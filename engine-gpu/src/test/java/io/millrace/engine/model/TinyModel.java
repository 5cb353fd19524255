package io.millrace.engine.model;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufValue;
import io.millrace.engine.gguf.GgufWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * A model of every architecture, a few kilobytes each, with random weights that are the same on
 * every machine. Nothing that sets an architecture apart is left at a value that would hide it:
 * biases are not 0, norms not 1, soft caps and windows small.
 */
enum TinyModel {
  LLAMA("llama"),
  /** Factors of the frequencies, as in Llama 3.1; heads that are not dim / heads wide. */
  LLAMA3("llama", 3, 16),
  LLAMA_LINEAR("llama"),
  LLAMA_YARN("llama"),
  LLAMA_BIAS("llama"),
  QWEN2("qwen2"),
  QWEN3("qwen3", 3, 16),
  GEMMA2("gemma2", 3, 16),
  /** Seven layers, of which the sixth sees all positions. */
  GEMMA3("gemma3", 7, 16),
  PHI3("phi3"),
  /** Half of each head turns; two sets of factors, of which a context of 128 needs the long. */
  PHI3_LONG("phi3"),
  BITNET("bitnet"),
  /** Ternary weights with scales of their own. */
  BITNET_SCALES("bitnet");

  static final int VOCAB = 48;
  static final int CONTEXT = 128;

  /** The sequence that the expected logits belong to. */
  static final int[] TOKENS = {1, 17, 40, 3, 25, 25, 9, 33, 12, 47, 5, 20};

  private static final int DIM = 32;
  private static final int HEADS = 4;
  private static final int FFN = 40;
  private static final Set<String> BIASED_EVERYWHERE =
      Set.of("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down");

  private final String architecture;
  private final int layers;
  private final int headDim;

  TinyModel(String architecture) {
    this(architecture, 2, DIM / HEADS);
  }

  TinyModel(String architecture, int layers, int headDim) {
    this.architecture = architecture;
    this.layers = layers;
    this.headDim = headDim;
  }

  private int kvHeads() {
    return this == PHI3_LONG ? HEADS : 2;
  }

  Path write(Path path) throws IOException {
    writer().write(path);
    return path;
  }

  /** All metadata and tensors, to be changed before they are written. */
  GgufWriter writer() {
    GgufWriter writer = new GgufWriter();
    writer.put("general.architecture", GgufValue.ofString(architecture));
    writer.put("tokenizer.ggml.model", GgufValue.ofString("no_vocab"));
    Map<String, GgufValue> values = new LinkedHashMap<>();
    values.put("vocab_size", GgufValue.ofUint32(VOCAB));
    values.put("context_length", GgufValue.ofUint32(CONTEXT));
    values.put("embedding_length", GgufValue.ofUint32(DIM));
    values.put("block_count", GgufValue.ofUint32(layers));
    values.put("feed_forward_length", GgufValue.ofUint32(FFN));
    values.put("attention.head_count", GgufValue.ofUint32(HEADS));
    values.put("attention.head_count_kv", GgufValue.ofUint32(kvHeads()));
    values.put("attention.key_length", GgufValue.ofUint32(headDim));
    values.put("attention.value_length", GgufValue.ofUint32(headDim));
    values.put("rope.dimension_count", GgufValue.ofUint32(ropeDim()));
    values.put("attention.layer_norm_rms_epsilon", GgufValue.ofFloat(1e-5f));
    values.put("rope.freq_base", GgufValue.ofFloat(architecture.equals("gemma3") ? 1e6f : 1e3f));
    values.putAll(metadata());
    values.forEach((key, value) -> writer.put(architecture + "." + key, value));
    tensors().forEach(tensor -> tensor.addTo(writer));
    return writer;
  }

  private int ropeDim() {
    return this == PHI3_LONG ? headDim / 2 : headDim;
  }

  private Map<String, GgufValue> metadata() {
    return switch (this) {
      case LLAMA_LINEAR -> Map.of("rope.scaling.factor", GgufValue.ofFloat(4));
      case LLAMA_YARN ->
          Map.of(
              "rope.scaling.type", GgufValue.ofString("yarn"),
              "rope.scaling.factor", GgufValue.ofFloat(4),
              "rope.scaling.original_context_length", GgufValue.ofUint32(32),
              "rope.scaling.yarn_beta_fast", GgufValue.ofFloat(4));
      case GEMMA2 ->
          Map.of(
              "attention.sliding_window", GgufValue.ofUint32(4),
              "attn_logit_softcapping", GgufValue.ofFloat(2),
              "final_logit_softcapping", GgufValue.ofFloat(3));
      case GEMMA3 ->
          Map.of(
              "attention.sliding_window", GgufValue.ofUint32(4),
              "rope.scaling.type", GgufValue.ofString("linear"),
              "rope.scaling.factor", GgufValue.ofFloat(8));
      case PHI3_LONG ->
          Map.of(
              "rope.scaling.original_context_length", GgufValue.ofUint32(CONTEXT / 2),
              "rope.scaling.attn_factor", GgufValue.ofFloat(1.25f));
      default -> Map.of();
    };
  }

  private record Tensor(String name, long[] dims, float[] data) {
    void addTo(GgufWriter writer) {
      ByteBuffer bytes = ByteBuffer.allocate(4 * data.length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(data);
      writer.tensor(name, GgmlType.F32, dims, out -> out.write(bytes.array()));
    }
  }

  private List<Tensor> tensors() {
    Random random = new Random(name().hashCode());
    List<Tensor> tensors = new ArrayList<>();
    boolean tied = Set.of("gemma2", "gemma3", "bitnet").contains(architecture);
    boolean embeddingsScaled = architecture.startsWith("gemma");
    tensors.add(matrix("token_embd.weight", VOCAB, DIM, embeddingsScaled ? 0.25f : 0.3f, random));
    vector(tensors, "output_norm.weight", DIM, random);
    if (!tied) {
      tensors.add(matrix("output.weight", VOCAB, DIM, 0.6f, random));
    }
    if (this == LLAMA3) {
      vector(tensors, "rope_freqs.weight", ropeDim() / 2, random);
    }
    if (this == PHI3_LONG) {
      vector(tensors, "rope_factors_long.weight", ropeDim() / 2, random);
      vector(tensors, "rope_factors_short.weight", ropeDim() / 2, random);
    }
    for (int i = 0; i < layers; i++) {
      layer(tensors, "blk." + i + ".", random);
    }
    return tensors;
  }

  private void layer(List<Tensor> tensors, String block, Random random) {
    int q = HEADS * headDim;
    int kv = kvHeads() * headDim;
    boolean phi3 = architecture.equals("phi3");
    vector(tensors, block + "attn_norm.weight", DIM, random);
    if (phi3) {
      linear(tensors, block, "attn_qkv", q + 2 * kv, DIM, random);
    } else {
      linear(tensors, block, "attn_q", q, DIM, random);
      linear(tensors, block, "attn_k", kv, DIM, random);
      linear(tensors, block, "attn_v", kv, DIM, random);
    }
    if (this == QWEN3 || this == GEMMA3) {
      vector(tensors, block + "attn_q_norm.weight", headDim, random);
      vector(tensors, block + "attn_k_norm.weight", headDim, random);
    }
    linear(tensors, block, "attn_output", DIM, q, random);
    vector(tensors, block + "ffn_norm.weight", DIM, random);
    if (!phi3) {
      linear(tensors, block, "ffn_gate", FFN, DIM, random);
    }
    linear(tensors, block, "ffn_up", phi3 ? 2 * FFN : FFN, DIM, random);
    linear(tensors, block, "ffn_down", DIM, FFN, random);
    if (this == GEMMA2 || this == GEMMA3) {
      vector(tensors, block + "post_attention_norm.weight", DIM, random);
      vector(tensors, block + "post_ffw_norm.weight", DIM, random);
    }
    if (architecture.equals("bitnet")) {
      vector(tensors, block + "attn_sub_norm.weight", q, random);
      vector(tensors, block + "ffn_sub_norm.weight", FFN, random);
    }
  }

  private void linear(
      List<Tensor> tensors, String block, String name, int outputs, int inputs, Random random) {
    if (this == BITNET_SCALES) {
      float[] ternary = new float[outputs * inputs];
      for (int i = 0; i < ternary.length; i++) {
        ternary[i] = random.nextInt(3) - 1;
      }
      tensors.add(new Tensor(block + name + ".weight", new long[] {inputs, outputs}, ternary));
      float[] scale = {0.2f + 0.1f * random.nextFloat()};
      tensors.add(new Tensor(block + name + ".scale", new long[] {1}, scale));
    } else {
      tensors.add(matrix(block + name + ".weight", outputs, inputs, 0.5f, random));
    }
    boolean biased =
        switch (this) {
          case LLAMA_BIAS -> BIASED_EVERYWHERE.contains(name);
          case QWEN2 -> Set.of("attn_q", "attn_k", "attn_v").contains(name);
          default -> false;
        };
    if (biased) {
      vector(tensors, block + name + ".bias", outputs, random);
    }
  }

  /** Elements between -range and range. */
  private static Tensor matrix(String name, int rows, int columns, float range, Random random) {
    float[] data = new float[rows * columns];
    for (int i = 0; i < data.length; i++) {
      data[i] = range * (2 * random.nextFloat() - 1);
    }
    return new Tensor(name, new long[] {columns, rows}, data);
  }

  /** Elements between 0.5 and 2. */
  private static void vector(List<Tensor> tensors, String name, int length, Random random) {
    float[] data = new float[length];
    for (int i = 0; i < length; i++) {
      data[i] = 0.5f + 1.5f * random.nextFloat();
    }
    tensors.add(new Tensor(name, new long[] {length}, data));
  }

  /** Writes all models to a folder, for another program to compute what is expected of them. */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createDirectories(Path.of(args[0]));
    for (TinyModel model : values()) {
      model.write(folder.resolve(model.name() + ".gguf"));
    }
  }
}
