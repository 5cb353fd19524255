package io.millrace.engine.huggingface;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names of modules here and in GGUF files. */
final class TensorNames {
  private static final Pattern LAYER = Pattern.compile("layers\\.(\\d{1,4})\\.(.+)");

  /** What multimodal folders hold besides the language model. */
  private static final Pattern OTHER_SENSES =
      Pattern.compile("(model\\.)?(vision_tower|multi_modal_projector|vision_model)\\..*");

  private static final Set<String> LINEAR =
      Set.of("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down");

  private static final Map<String, String> TOP =
      Map.of("embed_tokens", "token_embd", "norm", "output_norm", "lm_head", "output");

  private static final Map<String, String> COMMON =
      Map.ofEntries(
          Map.entry("input_layernorm", "attn_norm"),
          Map.entry("self_attn.q_proj", "attn_q"),
          Map.entry("self_attn.k_proj", "attn_k"),
          Map.entry("self_attn.v_proj", "attn_v"),
          Map.entry("self_attn.o_proj", "attn_output"),
          Map.entry("mlp.gate_proj", "ffn_gate"),
          Map.entry("mlp.up_proj", "ffn_up"),
          Map.entry("mlp.down_proj", "ffn_down"));

  private final Map<String, String> inLayer = new HashMap<>(COMMON);

  TensorNames(Family family) {
    if (family.postNorms()) {
      inLayer.put("post_attention_layernorm", "post_attention_norm");
      inLayer.put("pre_feedforward_layernorm", "ffn_norm");
      inLayer.put("post_feedforward_layernorm", "post_ffw_norm");
    } else {
      inLayer.put("post_attention_layernorm", "ffn_norm");
    }
    switch (family) {
      case QWEN3, GEMMA3 -> {
        inLayer.put("self_attn.q_norm", "attn_q_norm");
        inLayer.put("self_attn.k_norm", "attn_k_norm");
      }
      case PHI3 -> {
        inLayer.put("self_attn.qkv_proj", "attn_qkv");
        inLayer.put("mlp.gate_up_proj", "ffn_up"); // gate and up as one matrix, called so
      }
      case BITNET, BITNET_2B -> {
        inLayer.put("self_attn.inner_attn_ln", "attn_sub_norm");
        inLayer.put("self_attn.attn_sub_norm", "attn_sub_norm");
        inLayer.put("mlp.ffn_layernorm", "ffn_sub_norm");
        inLayer.put("mlp.ffn_sub_norm", "ffn_sub_norm");
      }
      default -> {}
    }
  }

  /**
   * A module's name in GGUF files, without {@code .weight}; empty if it has no place in this
   * family.
   */
  Optional<String> gguf(String module) {
    String name = module;
    for (String prefix : new String[] {"language_model.", "model.", "language_model."}) {
      name = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
    }
    Matcher layer = LAYER.matcher(name);
    if (!layer.matches()) {
      return Optional.ofNullable(TOP.get(name));
    }
    int number = Integer.parseInt(layer.group(1));
    return Optional.ofNullable(inLayer.get(layer.group(2))).map(n -> "blk." + number + "." + n);
  }

  /** Whether a tensor is no part of the language model, or follows from the configuration. */
  static boolean ignored(String name) {
    return name.endsWith(".rotary_emb.inv_freq") || OTHER_SENSES.matcher(name).matches();
  }

  /** Whether a GGUF name is one of a layer's large matrices: those that quantisation packs. */
  static boolean linear(String ggufName) {
    return LINEAR.contains(ggufName.substring(ggufName.lastIndexOf('.') + 1));
  }
}
