package io.millrace.engine.convert;

import static io.millrace.engine.convert.TensorSpec.bias;
import static io.millrace.engine.convert.TensorSpec.matrix;
import static io.millrace.engine.convert.TensorSpec.norm;
import static io.millrace.engine.convert.TensorSpec.residual;

import io.millrace.engine.gguf.GgufValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The tensors of each architecture, as data: to add one is to add an entry.
 *
 * @param name the value of {@code general.architecture}
 * @param layer the tensors of one layer, without {@code blk.N.}
 * @param alwaysTied whether the architecture has no output matrix of its own
 * @param metadata what its files say besides dimensions; keys without the architecture's name
 */
record ArchitectureTensors(
    String name, List<TensorSpec> layer, boolean alwaysTied, Map<String, GgufValue> metadata) {

  private static final List<TensorSpec> NORMS =
      List.of(norm("attn_norm.weight", ModelShape::dim), norm("ffn_norm.weight", ModelShape::dim));

  private static final List<TensorSpec> ATTENTION =
      List.of(
          matrix("attn_q.weight", ArchitectureTensors::queryDim, ModelShape::dim),
          matrix("attn_k.weight", ArchitectureTensors::kvDim, ModelShape::dim),
          matrix("attn_v.weight", ArchitectureTensors::kvDim, ModelShape::dim),
          residual("attn_output.weight", ArchitectureTensors::queryDim));

  private static final List<TensorSpec> FEED_FORWARD =
      List.of(
          matrix("ffn_gate.weight", ModelShape::ffnDim, ModelShape::dim),
          matrix("ffn_up.weight", ModelShape::ffnDim, ModelShape::dim),
          residual("ffn_down.weight", ModelShape::ffnDim));

  private static final List<TensorSpec> HEAD_NORMS =
      List.of(
          norm("attn_q_norm.weight", ModelShape::headDim),
          norm("attn_k_norm.weight", ModelShape::headDim));

  private static final List<TensorSpec> ATTENTION_BIASES =
      List.of(
          bias("attn_q.bias", ArchitectureTensors::queryDim),
          bias("attn_k.bias", ArchitectureTensors::kvDim),
          bias("attn_v.bias", ArchitectureTensors::kvDim));

  private static final List<TensorSpec> NORMS_AFTER =
      List.of(
          norm("post_attention_norm.weight", ModelShape::dim),
          norm("post_ffw_norm.weight", ModelShape::dim));

  private static final List<TensorSpec> FUSED =
      List.of(
          matrix("attn_qkv.weight", s -> queryDim(s) + 2 * kvDim(s), ModelShape::dim),
          residual("attn_output.weight", ArchitectureTensors::queryDim),
          matrix("ffn_up.weight", s -> 2 * s.ffnDim(), ModelShape::dim),
          residual("ffn_down.weight", ModelShape::ffnDim));

  private static final List<TensorSpec> NORMS_WITHIN =
      List.of(
          norm("attn_sub_norm.weight", ArchitectureTensors::queryDim),
          norm("ffn_sub_norm.weight", ModelShape::ffnDim));

  private static final List<ArchitectureTensors> KNOWN =
      List.of(
          of("llama", Map.of(), List.of(NORMS, ATTENTION, FEED_FORWARD)),
          of("qwen2", Map.of(), List.of(NORMS, ATTENTION, ATTENTION_BIASES, FEED_FORWARD)),
          of("qwen3", Map.of(), List.of(NORMS, ATTENTION, HEAD_NORMS, FEED_FORWARD)),
          tied(
              "gemma2",
              Map.of(
                  "attn_logit_softcapping", GgufValue.ofFloat(50),
                  "final_logit_softcapping", GgufValue.ofFloat(30),
                  "attention.sliding_window", GgufValue.ofUint32(4096)),
              List.of(NORMS, ATTENTION, NORMS_AFTER, FEED_FORWARD)),
          tied(
              "gemma3",
              Map.of("attention.sliding_window", GgufValue.ofUint32(512)),
              List.of(NORMS, ATTENTION, HEAD_NORMS, NORMS_AFTER, FEED_FORWARD)),
          of("phi3", Map.of(), List.of(NORMS, FUSED)),
          tied("bitnet", Map.of(), List.of(NORMS, ATTENTION, NORMS_WITHIN, FEED_FORWARD)));

  /** The architecture of that name, if its tensors are known. */
  static Optional<ArchitectureTensors> byName(String name) {
    return KNOWN.stream().filter(known -> known.name.equals(name)).findFirst();
  }

  static String knownNames() {
    return KNOWN.stream().map(ArchitectureTensors::name).collect(Collectors.joining(", "));
  }

  /** All tensors of a model of that shape, by their full names, in a file's order. */
  List<TensorSpec> tensors(ModelShape shape) {
    List<TensorSpec> all = new ArrayList<>();
    all.add(
        new TensorSpec(
            "token_embd.weight",
            ModelShape::vocabSize,
            ModelShape::dim,
            TensorSpec.Content.EMBEDDINGS));
    for (int i = 0; i < shape.layers(); i++) {
      String block = "blk." + i + ".";
      layer.forEach(
          t -> all.add(new TensorSpec(block + t.name(), t.rows(), t.columns(), t.content())));
    }
    all.add(norm("output_norm.weight", ModelShape::dim));
    if (!tied(shape)) {
      all.add(matrix("output.weight", ModelShape::vocabSize, ModelShape::dim));
    }
    return all;
  }

  /** Whether the token embeddings are the output matrix, too. */
  boolean tied(ModelShape shape) {
    return alwaysTied || shape.tied();
  }

  private static int queryDim(ModelShape shape) {
    return Math.multiplyExact(shape.heads(), shape.headDim());
  }

  private static int kvDim(ModelShape shape) {
    return Math.multiplyExact(shape.kvHeads(), shape.headDim());
  }

  private static ArchitectureTensors of(
      String name, Map<String, GgufValue> metadata, List<List<TensorSpec>> groups) {
    return new ArchitectureTensors(name, together(groups), false, metadata);
  }

  private static ArchitectureTensors tied(
      String name, Map<String, GgufValue> metadata, List<List<TensorSpec>> groups) {
    return new ArchitectureTensors(name, together(groups), true, metadata);
  }

  private static List<TensorSpec> together(List<List<TensorSpec>> groups) {
    return groups.stream().flatMap(List::stream).toList();
  }
}
