package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgufFormatException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The families of models that are read, and what sets their folders apart, as data.
 *
 * <p>Source: llama.cpp's {@code convert_hf_to_gguf.py}, and transformers' configuration classes for
 * the defaults.
 */
enum Family {
  LLAMA("llama", "LlamaForCausalLM, MistralForCausalLM", "silu", 2048),
  QWEN2("qwen2", "Qwen2ForCausalLM", "silu", 32_768),
  QWEN3("qwen3", "Qwen3ForCausalLM", "silu", 32_768),
  GEMMA2("gemma2", "Gemma2ForCausalLM", "gelu_pytorch_tanh", 8_192),
  GEMMA3(
      "gemma3", "Gemma3ForCausalLM, Gemma3ForConditionalGeneration", "gelu_pytorch_tanh", 131_072),
  PHI3("phi3", "Phi3ForCausalLM", "silu", 4_096),
  /** b1.58 of 1bitLLM: ternary weights, SiLU. */
  BITNET("bitnet", "BitnetForCausalLM", "silu", 2_048),
  /** b1.58-2B-4T of Microsoft: ternary weights, squared ReLU. */
  BITNET_2B("bitnet", "BitNetForCausalLM", "relu2", 2_048);

  private final String ggufName;

  /** Names of transformers' classes, with commas between. */
  private final String classes;

  private final String activation;
  private final int contextLength;

  Family(String ggufName, String classes, String activation, int contextLength) {
    this.ggufName = ggufName;
    this.classes = classes;
    this.activation = activation;
    this.contextLength = contextLength;
  }

  /**
   * The family of a folder.
   *
   * @throws GgufFormatException if {@code architectures} names none that is known
   */
  static Family of(JsonFields config) throws GgufFormatException {
    List<String> names = config.strings("architectures");
    for (Family family : values()) {
      if (names.stream().anyMatch(List.of(family.classes.split(", "))::contains)) {
        return family;
      }
    }
    String known =
        Arrays.stream(values()).map(family -> family.classes).collect(Collectors.joining(", "));
    throw config.error(
        names.isEmpty()
            ? "architectures names no model class; known are " + known
            : "architecture "
                + GgufFormatException.quote(names.get(0))
                + " is not supported; known are "
                + known);
  }

  /** {@code general.architecture} in GGUF files, and the prefix of their keys. */
  String ggufName() {
    return ggufName;
  }

  /** The value of {@code hidden_act} that the forward pass computes. */
  String activation() {
    return activation;
  }

  /** Positions where {@code max_position_embeddings} is absent. */
  int contextLengthDefault() {
    return contextLength;
  }

  boolean gemma() {
    return this == GEMMA2 || this == GEMMA3;
  }

  /**
   * Whether the rows of queries and keys change places: element i of a head turns together with i +
   * headDim / 2 here, and with its neighbour in GGUF files of this architecture.
   */
  boolean interleavesRope() {
    return this == LLAMA;
  }

  /** Norms are stored less 1. */
  float normOffset() {
    return gemma() ? 1 : 0;
  }

  /** Whether there are norms behind attention and feed-forward too. */
  boolean postNorms() {
    return gemma();
  }

  /** Whether the linear layers are ternary with a scale of their own. */
  boolean ternary() {
    return this == BITNET || this == BITNET_2B;
  }
}
