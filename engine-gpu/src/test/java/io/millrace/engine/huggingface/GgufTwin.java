package io.millrace.engine.huggingface;

import io.millrace.engine.ModelSources;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufWriter;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import io.millrace.engine.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a converter makes of a folder, written once more: names, norms of Gemma, and rows of llama's
 * queries and keys. The metadata, and factors of rotations, are those that the folder is read with.
 */
final class GgufTwin {
  private static final Map<String, String> TOP =
      Map.of("embed_tokens", "token_embd", "norm", "output_norm", "lm_head", "output");

  private final boolean llama;
  private final boolean gemma;

  private GgufTwin(String architecture) {
    llama = architecture.equals("llama");
    gemma = architecture.startsWith("gemma");
  }

  /** Writes the GGUF file; its matrices are of the type that the folder's are of. */
  static Path write(Path folder, SafetensorsWriter weights, GgmlType type, Path path)
      throws IOException {
    GgufWriter writer = new GgufWriter();
    try (ModelSource source = ModelSources.open(folder)) {
      GgufTwin twin = new GgufTwin(source.metadata().requireString("general.architecture"));
      writer.putAll(source.metadata());
      Map<String, byte[]> factors = factors(source);
      factors.forEach(
          (name, data) ->
              writer.tensor(
                  name, GgmlType.F32, new long[] {data.length / 4}, out -> out.write(data)));
      weights.tensors().forEach((name, tensor) -> twin.add(writer, name, tensor, type));
    }
    writer.write(path);
    return path;
  }

  private static Map<String, byte[]> factors(ModelSource source) throws IOException {
    Map<String, byte[]> factors = new LinkedHashMap<>();
    for (TensorInfo tensor : source.tensors()) {
      if (tensor.name().startsWith("rope_")) {
        byte[] data = new byte[(int) tensor.bytes()];
        source.read(tensor, 0, data, 0, data.length);
        factors.put(tensor.name(), data);
      }
    }
    return factors;
  }

  private void add(GgufWriter writer, String name, SafetensorsWriter.Tensor tensor, GgmlType type) {
    if (name.startsWith("vision_tower.") || name.startsWith("multi_modal_projector.")) {
      return;
    }
    String gguf = name(name);
    long[] shape = tensor.shape();
    if (shape.length == 1) {
      byte[] data = gemma && gguf.endsWith("norm.weight") ? plusOne(tensor.data()) : tensor.data();
      writer.tensor(gguf, GgmlType.F32, shape, out -> out.write(data));
      return;
    }
    boolean turns = llama && (gguf.contains("attn_q") || gguf.contains("attn_k"));
    byte[] data = turns ? interleaved(tensor.data(), (int) shape[0]) : tensor.data();
    writer.tensor(gguf, type, new long[] {shape[1], shape[0]}, out -> out.write(data));
  }

  private String name(String name) {
    String module = name.replaceFirst("^language_model\\.", "").replaceFirst("^model\\.", "");
    int dot = module.lastIndexOf('.');
    String kind = module.substring(dot);
    module = module.substring(0, dot);
    if (TOP.containsKey(module)) {
      return TOP.get(module) + kind;
    }
    return module
            .replace("layers.", "blk.")
            .replace("self_attn.o_proj", "attn_output")
            .replace("self_attn.qkv_proj", "attn_qkv")
            .replaceAll("self_attn.([qkv])_proj", "attn_$1")
            .replaceAll("self_attn.([qk])_norm", "attn_$1_norm")
            .replace("mlp.gate_up_proj", "ffn_up")
            .replaceAll("mlp.(gate|up|down)_proj", "ffn_$1")
            .replace("input_layernorm", "attn_norm")
            .replace("post_attention_layernorm", gemma ? "post_attention_norm" : "ffn_norm")
            .replace("pre_feedforward_layernorm", "ffn_norm")
            .replace("post_feedforward_layernorm", "post_ffw_norm")
        + kind;
  }

  private static byte[] plusOne(byte[] data) {
    ByteBuffer from = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer to = ByteBuffer.allocate(data.length).order(ByteOrder.LITTLE_ENDIAN);
    while (from.hasRemaining()) {
      to.putFloat(from.getFloat() + 1);
    }
    return to.array();
  }

  private static byte[] interleaved(byte[] data, int rows) {
    int rowBytes = data.length / rows;
    byte[] out = new byte[data.length];
    for (int row = 0; row < rows; row++) {
      int head = row / ToyFolder.HEAD_DIM;
      int half = row % ToyFolder.HEAD_DIM / (ToyFolder.HEAD_DIM / 2);
      int pair = row % (ToyFolder.HEAD_DIM / 2);
      int to = head * ToyFolder.HEAD_DIM + 2 * pair + half;
      System.arraycopy(data, row * rowBytes, out, to * rowBytes, rowBytes);
    }
    return out;
  }
}
