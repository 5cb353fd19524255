package io.millrace.engine.huggingface;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A small folder of each family, with the keys in {@code config.json} that the real models have.
 * Windows, contexts and scalings are short enough to matter within {@link #TOKENS}.
 */
enum FamilyFolder {
  LLAMA3("LlamaForCausalLM"),
  MISTRAL("MistralForCausalLM"),
  QWEN2("Qwen2ForCausalLM"),
  /** As Qwen2.5 says it for contexts beyond 32,768. */
  QWEN2_YARN("Qwen2ForCausalLM"),
  /** The first layer sees all, the others 7 positions. */
  QWEN2_WINDOW("Qwen2ForCausalLM"),
  QWEN3("Qwen3ForCausalLM"),
  GEMMA2("Gemma2ForCausalLM"),
  GEMMA3("Gemma3ForCausalLM"),
  /** As Gemma 3 4B is published: most of its configuration is what transformers takes it to be. */
  GEMMA3_VISION("Gemma3ForConditionalGeneration"),
  PHI3("Phi3ForCausalLM"),
  /** As Phi-4-mini: longrope, a quarter of each head not rotated, output tied. */
  PHI3_LONG("Phi3ForCausalLM");

  /** Tokens that all of them read. */
  static final int[] TOKENS = {
    259, 5, 17, 211, 90, 258, 4, 4, 33, 250, 101, 7, 64, 199, 2, 2, 88, 256, 13, 140, 61, 0, 9, 77
  };

  /** Positions of which the reference's logits are kept. */
  static final int[] ROWS = {3, 11, 23};

  /** The context that the reference takes for granted. */
  static final int CONTEXT = 256;

  private static final int WINDOW = 7;

  private final String modelClass;

  FamilyFolder(String modelClass) {
    this.modelClass = modelClass;
  }

  ToyFolder toy() {
    ToyFolder toy = new ToyFolder(modelClass);
    toy.config.put("torch_dtype", "float32");
    toy.config.put("hidden_act", "silu");
    toy.config.put("tie_word_embeddings", false);
    configure(toy);
    weights(toy);
    return toy;
  }

  /** Writes all of them, for the reference: one folder each under the argument. */
  public static void main(String[] args) throws IOException {
    for (FamilyFolder family : values()) {
      family.toy().write(Path.of(args[0]).resolve(family.name()));
    }
  }

  private void configure(ToyFolder toy) {
    switch (this) {
      case LLAMA3 -> llama3(toy);
      case MISTRAL -> toy.config.put("sliding_window", WINDOW);
      case QWEN2 -> qwen2(toy);
      case QWEN2_YARN -> qwen2Yarn(toy);
      case QWEN2_WINDOW -> qwen2Window(toy);
      case QWEN3 -> qwen3(toy);
      case GEMMA2 -> gemma2(toy);
      case GEMMA3 -> gemma3(toy);
      case GEMMA3_VISION -> gemma3Vision(toy);
      case PHI3 -> phi3(toy);
      case PHI3_LONG -> phi3Long(toy);
    }
  }

  private static void llama3(ToyFolder toy) {
    toy.config
        .putObject("rope_scaling")
        .put("rope_type", "llama3")
        .put("factor", 8.0)
        .put("low_freq_factor", 1.0)
        .put("high_freq_factor", 4.0)
        .put("original_max_position_embeddings", 32);
    toy.config.put("attention_bias", false).put("mlp_bias", false).put("head_dim", 16);
  }

  private static void qwen2(ToyFolder toy) {
    toy.config.put("use_sliding_window", false).put("sliding_window", WINDOW);
    toy.config.put("max_window_layers", 1).put("tie_word_embeddings", true);
    toy.config.put("rms_norm_eps", 1e-6);
  }

  private static void qwen2Yarn(ToyFolder toy) {
    qwen2(toy);
    toy.config.put("tie_word_embeddings", false);
    toy.config
        .putObject("rope_scaling")
        .put("type", "yarn")
        .put("factor", 4.0)
        .put("original_max_position_embeddings", 64);
  }

  private static void qwen2Window(ToyFolder toy) {
    qwen2(toy);
    toy.config.put("use_sliding_window", true).put("num_hidden_layers", 3);
  }

  private static void qwen3(ToyFolder toy) {
    toy.config.put("head_dim", 24).put("attention_bias", false).put("rms_norm_eps", 1e-6);
    toy.config.put("use_sliding_window", false).putNull("sliding_window").putNull("rope_scaling");
    toy.config.put("max_window_layers", 28);
  }

  private static void gemma2(ToyFolder toy) {
    toy.config.remove("tie_word_embeddings");
    toy.config.put("hidden_act", "gelu_pytorch_tanh").put("hidden_activation", "gelu_pytorch_tanh");
    toy.config.put("head_dim", 24).put("query_pre_attn_scalar", 20).put("num_hidden_layers", 3);
    toy.config.put("attn_logit_softcapping", 3.0).put("final_logit_softcapping", 4.0);
    toy.config.put("sliding_window", WINDOW).put("cache_implementation", "hybrid");
    toy.config.put("rms_norm_eps", 1e-6);
  }

  private static void gemma3(ToyFolder toy) {
    toy.config.remove("tie_word_embeddings");
    toy.config.remove("hidden_act");
    toy.config.put("hidden_activation", "gelu_pytorch_tanh").put("head_dim", 24);
    toy.config.putNull("attn_logit_softcapping").putNull("final_logit_softcapping");
    toy.config.put("query_pre_attn_scalar", 24).put("num_hidden_layers", 7);
    toy.config.put("sliding_window", WINDOW).put("sliding_window_pattern", 6);
    toy.config.put("rope_theta", 50_000).put("rope_local_base_freq", 500);
    toy.config.putNull("rope_scaling").put("rms_norm_eps", 1e-6);
  }

  private static void gemma3Vision(ToyFolder toy) {
    ArrayNode architectures = toy.config.withArray("architectures").deepCopy();
    toy.config.removeAll();
    toy.config.set("architectures", architectures);
    toy.config.putObject("vision_config").put("hidden_size", 1152).put("num_attention_heads", 16);
    ObjectNode text = toy.config.putObject("text_config");
    text.put("hidden_size", ToyFolder.DIM).put("intermediate_size", ToyFolder.FFN);
    text.put("num_hidden_layers", 7).put("sliding_window", WINDOW);
    text.put("model_type", "gemma3_text");
    text.putObject("rope_scaling").put("factor", 8.0).put("rope_type", "linear");
  }

  private static void phi3(ToyFolder toy) {
    toy.config.put("sliding_window", WINDOW).putNull("rope_scaling");
    toy.config.put("original_max_position_embeddings", 256);
  }

  private static void phi3Long(ToyFolder toy) {
    toy.config.put("partial_rotary_factor", 0.75).put("tie_word_embeddings", true);
    toy.config.put("sliding_window", 262_144).put("original_max_position_embeddings", 64);
    ObjectNode scaling = toy.config.putObject("rope_scaling").put("type", "longrope");
    ArrayNode shorts = scaling.putArray("short_factor");
    ArrayNode longs = scaling.putArray("long_factor");
    for (int i = 0; i < 6; i++) {
      shorts.add(1 + 0.1 * i);
      longs.add(1.5 + 2 * i);
    }
  }

  /** As transformers names them; what the configuration leaves out is Gemma 3's default. */
  private void weights(ToyFolder toy) {
    boolean vision = this == GEMMA3_VISION;
    boolean gemma = modelClass.startsWith("Gemma");
    ObjectNode config = vision ? (ObjectNode) toy.config.get("text_config") : toy.config;
    int heads = config.path("num_attention_heads").asInt(8);
    int kvHeads = config.path("num_key_value_heads").asInt(4);
    int headDim = config.path("head_dim").asInt(gemma ? 256 : ToyFolder.DIM / heads);
    boolean tied = gemma || config.path("tie_word_embeddings").booleanValue();
    String model = vision ? "language_model.model." : "model.";
    toy.matrix(model + "embed_tokens.weight", ToyFolder.VOCAB, ToyFolder.DIM);
    for (int i = 0; i < config.get("num_hidden_layers").intValue(); i++) {
      String layer = model + "layers." + i + ".";
      toy.vector(layer + "input_layernorm.weight", ToyFolder.DIM);
      toy.vector(layer + "post_attention_layernorm.weight", ToyFolder.DIM);
      if (gemma) {
        toy.vector(layer + "pre_feedforward_layernorm.weight", ToyFolder.DIM);
        toy.vector(layer + "post_feedforward_layernorm.weight", ToyFolder.DIM);
      }
      attention(toy, layer + "self_attn.", heads * headDim, kvHeads * headDim);
      if (modelClass.startsWith("Gemma3") || modelClass.startsWith("Qwen3")) {
        toy.vector(layer + "self_attn.q_norm.weight", headDim);
        toy.vector(layer + "self_attn.k_norm.weight", headDim);
      }
      if (modelClass.startsWith("Phi3")) {
        toy.matrix(layer + "mlp.gate_up_proj.weight", 2 * ToyFolder.FFN, ToyFolder.DIM);
      } else {
        toy.matrix(layer + "mlp.gate_proj.weight", ToyFolder.FFN, ToyFolder.DIM);
        toy.matrix(layer + "mlp.up_proj.weight", ToyFolder.FFN, ToyFolder.DIM);
      }
      toy.matrix(layer + "mlp.down_proj.weight", ToyFolder.DIM, ToyFolder.FFN);
    }
    toy.vector(model + "norm.weight", ToyFolder.DIM);
    if (!tied) {
      toy.matrix("lm_head.weight", ToyFolder.VOCAB, ToyFolder.DIM);
    }
    if (vision) {
      toy.matrix("vision_tower.vision_model.embeddings.patch_embedding.weight", 8, 8);
      toy.matrix("multi_modal_projector.mm_input_projection_weight", 8, 8);
    }
  }

  private void attention(ToyFolder toy, String prefix, int queries, int keys) {
    if (modelClass.startsWith("Phi3")) {
      toy.matrix(prefix + "qkv_proj.weight", queries + 2 * keys, ToyFolder.DIM);
    } else {
      toy.matrix(prefix + "q_proj.weight", queries, ToyFolder.DIM);
      toy.matrix(prefix + "k_proj.weight", keys, ToyFolder.DIM);
      toy.matrix(prefix + "v_proj.weight", keys, ToyFolder.DIM);
    }
    if (modelClass.startsWith("Qwen2")) {
      toy.vector(prefix + "q_proj.bias", queries);
      toy.vector(prefix + "k_proj.bias", keys);
      toy.vector(prefix + "v_proj.bias", keys);
    }
    toy.matrix(prefix + "o_proj.weight", ToyFolder.DIM, queries);
  }
}
