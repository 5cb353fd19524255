package io.millrace.jobs.cli.damage;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** A small llama with random weights as a Hugging Face folder, its weights in two files. */
final class FolderSample {
  static final String INDEX = "model.safetensors.index.json";
  static final int DIM = 32;
  static final int FFN = 48;
  static final int HEADS = 4;
  static final int KV_HEADS = 2;
  static final int LAYERS = 2;
  static final int VOCAB = 260;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Random random;
  private final Map<String, int[]> shapes = new LinkedHashMap<>();

  private FolderSample(long seed) {
    random = new Random(seed);
    int kv = DIM / HEADS * KV_HEADS;
    shapes.put("model.embed_tokens.weight", new int[] {VOCAB, DIM});
    for (int i = 0; i < LAYERS; i++) {
      String layer = "model.layers." + i + ".";
      shapes.put(layer + "input_layernorm.weight", new int[] {DIM});
      shapes.put(layer + "self_attn.q_proj.weight", new int[] {DIM, DIM});
      shapes.put(layer + "self_attn.k_proj.weight", new int[] {kv, DIM});
      shapes.put(layer + "self_attn.v_proj.weight", new int[] {kv, DIM});
      shapes.put(layer + "self_attn.o_proj.weight", new int[] {DIM, DIM});
      shapes.put(layer + "post_attention_layernorm.weight", new int[] {DIM});
      shapes.put(layer + "mlp.gate_proj.weight", new int[] {FFN, DIM});
      shapes.put(layer + "mlp.up_proj.weight", new int[] {FFN, DIM});
      shapes.put(layer + "mlp.down_proj.weight", new int[] {DIM, FFN});
    }
    shapes.put("model.norm.weight", new int[] {DIM});
    shapes.put("lm_head.weight", new int[] {VOCAB, DIM});
  }

  static ModelSample of(long seed) throws IOException {
    return new FolderSample(seed).sample();
  }

  private ModelSample sample() throws IOException {
    ObjectNode index = JSON.createObjectNode();
    ObjectNode map = index.putObject("weight_map");
    Map<String, byte[]> files = new TreeMap<>();
    for (int part = 0; part < 2; part++) {
      String file = "model-0000%d-of-00002.safetensors".formatted(part + 1);
      Map<String, int[]> its = new LinkedHashMap<>();
      for (Map.Entry<String, int[]> tensor : shapes.entrySet()) {
        if (map.size() < shapes.size() / 2 + part * shapes.size() && !map.has(tensor.getKey())) {
          its.put(tensor.getKey(), tensor.getValue());
          map.put(tensor.getKey(), file);
        }
      }
      files.put(file, safetensors(its));
    }
    files.put(INDEX, JSON.writeValueAsBytes(index));
    files.put("config.json", JSON.writeValueAsBytes(config()));
    files.put("tokenizer.json", JSON.writeValueAsBytes(tokenizer()));
    files.put("tokenizer_config.json", JSON.writeValueAsBytes(tokenizerConfig()));
    return new ModelSample("folder", files, "");
  }

  private byte[] safetensors(Map<String, int[]> tensors) throws IOException {
    ObjectNode header = JSON.createObjectNode();
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
      ObjectNode info = header.putObject(tensor.getKey()).put("dtype", "F32");
      ArrayNode shape = info.putArray("shape");
      int elements = 1;
      for (int dim : tensor.getValue()) {
        shape.add(dim);
        elements *= dim;
      }
      info.putArray("data_offsets").add(data.size()).add(data.size() + 4 * elements);
      ByteBuffer bytes = ByteBuffer.allocate(4 * elements).order(ByteOrder.LITTLE_ENDIAN);
      while (bytes.hasRemaining()) {
        bytes.putFloat((float) random.nextGaussian() * 0.2f);
      }
      data.writeBytes(bytes.array());
    }
    return SafetensorsBytes.join(JSON.writeValueAsBytes(header), data.toByteArray());
  }

  private static ObjectNode config() {
    ObjectNode config = JSON.createObjectNode();
    config.putArray("architectures").add("LlamaForCausalLM");
    config.put("hidden_size", DIM);
    config.put("intermediate_size", FFN);
    config.put("num_hidden_layers", LAYERS);
    config.put("num_attention_heads", HEADS);
    config.put("num_key_value_heads", KV_HEADS);
    config.put("head_dim", DIM / HEADS);
    config.put("vocab_size", VOCAB);
    config.put("max_position_embeddings", 64);
    config.put("rms_norm_eps", 1e-5);
    config.put("rope_theta", 10000.0);
    config.put("hidden_act", "silu");
    config.put("eos_token_id", 257);
    config.put("torch_dtype", "float32");
    return config;
  }

  private static ObjectNode tokenizerConfig() {
    ObjectNode config = JSON.createObjectNode();
    config.put("bos_token", "<s>").put("eos_token", "</s>");
    return config.put("chat_template", "{{ bos_token }}{{ messages[0].content }}");
  }

  /** All bytes, two merges and two special tokens. */
  private static ObjectNode tokenizer() {
    ObjectNode root = JSON.createObjectNode();
    ArrayNode added = root.putArray("added_tokens");
    added.addObject().put("id", 256).put("content", "<s>").put("special", true);
    added.addObject().put("id", 257).put("content", "</s>").put("special", true);
    root.putObject("pre_tokenizer").put("type", "ByteLevel").put("add_prefix_space", false);
    root.putObject("decoder").put("type", "ByteLevel");
    ObjectNode model = root.putObject("model").put("type", "BPE");
    ObjectNode vocab = model.putObject("vocab");
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b > 32 && b < 127) || (b > 160 && b != 173);
      vocab.put(String.valueOf((char) (printable ? b : next++)), b);
    }
    vocab.put("he", 258).put("ll", 259);
    model.putArray("merges").add("h e").add("l l");
    return root;
  }
}
