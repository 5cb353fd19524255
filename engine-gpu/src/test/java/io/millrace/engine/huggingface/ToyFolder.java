package io.millrace.engine.huggingface;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.engine.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Small folders with random weights in transformers' names and shapes, for tests. */
public final class ToyFolder {
  public static final int DIM = 64;
  public static final int HEADS = 4;
  public static final int KV_HEADS = 2;
  public static final int HEAD_DIM = 16;
  public static final int FFN = 96;
  public static final int LAYERS = 2;
  public static final int VOCAB = 263;

  private static final ObjectMapper JSON = new ObjectMapper();

  final ObjectNode config = JSON.createObjectNode();
  final ObjectNode tokenizerConfig = JSON.createObjectNode();
  final ObjectNode tokenizer = byteTokenizer();
  final SafetensorsWriter weights = new SafetensorsWriter();
  private final Random random = new Random(11);

  /** The configuration alone. */
  public ToyFolder(String modelClass) {
    config.putArray("architectures").add(modelClass);
    config.put("hidden_size", DIM);
    config.put("num_hidden_layers", LAYERS);
    config.put("num_attention_heads", HEADS);
    config.put("num_key_value_heads", KV_HEADS);
    config.put("intermediate_size", FFN);
    config.put("max_position_embeddings", 256);
    config.put("rms_norm_eps", 1e-5);
    config.put("vocab_size", VOCAB);
    config.put("rope_theta", 1000.0);
  }

  /** With the weights of a llama. */
  public static ToyFolder llama() {
    ToyFolder folder = new ToyFolder("LlamaForCausalLM");
    folder.matrix("model.embed_tokens.weight", VOCAB, DIM);
    for (int i = 0; i < LAYERS; i++) {
      String layer = "model.layers." + i + ".";
      folder.vector(layer + "input_layernorm.weight", DIM);
      folder.matrix(layer + "self_attn.q_proj.weight", HEADS * HEAD_DIM, DIM);
      folder.matrix(layer + "self_attn.k_proj.weight", KV_HEADS * HEAD_DIM, DIM);
      folder.matrix(layer + "self_attn.v_proj.weight", KV_HEADS * HEAD_DIM, DIM);
      folder.matrix(layer + "self_attn.o_proj.weight", DIM, HEADS * HEAD_DIM);
      folder.vector(layer + "post_attention_layernorm.weight", DIM);
      folder.matrix(layer + "mlp.gate_proj.weight", FFN, DIM);
      folder.matrix(layer + "mlp.up_proj.weight", FFN, DIM);
      folder.matrix(layer + "mlp.down_proj.weight", DIM, FFN);
    }
    folder.vector("model.norm.weight", DIM);
    folder.matrix("lm_head.weight", VOCAB, DIM);
    return folder;
  }

  public ToyFolder matrix(String name, int rows, int columns) {
    weights.floats(name, gaussians(rows * columns, 0.15f), rows, columns);
    return this;
  }

  public ToyFolder vector(String name, int length) {
    weights.floats(name, gaussians(length, 0.5f), length);
    return this;
  }

  private float[] gaussians(int count, float deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() * deviation;
    }
    return values;
  }

  /** All bytes, three merges and a few special tokens. */
  private static ObjectNode byteTokenizer() {
    ObjectNode root = JSON.createObjectNode();
    ArrayNode added = root.putArray("added_tokens");
    root.putObject("pre_tokenizer")
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("use_regex", true);
    root.putObject("decoder").put("type", "ByteLevel");
    ObjectNode model = root.putObject("model").put("type", "BPE");
    ObjectNode vocab = model.putObject("vocab");
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b > 32 && b < 127) || (b > 160 && b != 173);
      vocab.put(String.valueOf((char) (printable ? b : next++)), b);
    }
    vocab.put("he", 256).put("ll", 257).put("hell", 258);
    model.putArray("merges").add("h e").add("l l").add("he ll");
    for (String special : new String[] {"<s>", "</s>", "<turn>"}) {
      added.addObject().put("id", 259 + added.size() - 1).put("content", special);
      ((ObjectNode) added.get(added.size() - 1)).put("special", true);
    }
    return root;
  }

  public Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.write(folder.resolve("config.json"), JSON.writeValueAsBytes(config));
    Files.write(folder.resolve("tokenizer.json"), JSON.writeValueAsBytes(tokenizer));
    Files.write(folder.resolve("tokenizer_config.json"), JSON.writeValueAsBytes(tokenizerConfig));
    weights.write(folder.resolve("model.safetensors"));
    return folder;
  }
}
