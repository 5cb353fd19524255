package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A folder's tensors under GGUF's names, each with the way to its bytes. */
final class FolderTensors {
  private final Family family;
  private final JsonFields config;
  private final Checkpoint checkpoint;
  private final Quantization quantization;
  private final TensorNames names;
  private final ConvertedTensor.Cache cache = new ConvertedTensor.Cache();
  private final Map<String, TensorReader> readers = new LinkedHashMap<>();
  private final Map<String, int[]> inputOrders = new HashMap<>();
  private final List<TensorInfo> infos = new ArrayList<>();
  private final Map<String, TensorInfo> byName = new HashMap<>();

  private FolderTensors(
      Family family, JsonFields config, Checkpoint checkpoint, Quantization quantization) {
    this.family = family;
    this.config = config;
    this.checkpoint = checkpoint;
    this.quantization = quantization;
    this.names = new TensorNames(family);
  }

  /**
   * @throws GgufFormatException if a tensor has no place in the architecture, or its type or shape
   *     cannot be what it is there
   */
  static FolderTensors of(
      Family family,
      JsonFields config,
      Checkpoint checkpoint,
      Quantization quantization,
      RopeConfig rope)
      throws IOException {
    FolderTensors tensors = new FolderTensors(family, config, checkpoint, quantization);
    boolean tied =
        family.gemma() || config.bool("tie_word_embeddings").orElse(family == Family.BITNET_2B);
    for (String name : checkpoint.names()) {
      if (!TensorNames.ignored(name) && !(tied && name.startsWith("lm_head."))) {
        tensors.add(name);
      }
    }
    for (Map.Entry<String, float[]> entry : rope.factors().entrySet()) {
      float[] factors = entry.getValue();
      tensors.put(entry.getKey(), FloatVector.of(tensors.cache, factors.length, factors::clone));
    }
    tensors.list();
    return tensors;
  }

  private void add(String name) throws IOException {
    Checkpoint.Stored stored = checkpoint.tensor(name).orElseThrow();
    int dot = name.lastIndexOf('.');
    String module = name.substring(0, Math.max(0, dot));
    String kind = name.substring(dot + 1);
    String gguf =
        names
            .gguf(module)
            .orElseThrow(() -> stored.error("has no place in a " + family.ggufName()));
    switch (kind) {
      case "weight" -> weight(gguf, module, stored);
      case "bias" -> {
        if (!(quantization.gptq().isPresent() && zeroBias(stored))) {
          put(gguf + ".bias", FloatVector.of(cache, stored, 0, order(gguf)));
        }
      }
      case "qweight" -> gptq(gguf, module, stored);
      case "weight_scale" -> part(module, "weight", stored);
      case "qzeros", "scales", "g_idx" -> part(module, "qweight", stored);
      default -> throw stored.error("has no place in a " + family.ggufName());
    }
  }

  /** A part of a packed matrix, which its {@code whole} asks for. */
  private void part(String module, String whole, Checkpoint.Stored stored)
      throws GgufFormatException {
    if (checkpoint.tensor(module + "." + whole).isEmpty()) {
      throw stored.error("stands alone: there is no " + whole);
    }
  }

  private void weight(String gguf, String module, Checkpoint.Stored stored) throws IOException {
    if (stored.tensor().shape().size() == 1) {
      boolean norm = gguf.endsWith("norm");
      put(
          gguf + ".weight",
          FloatVector.of(cache, stored, norm ? family.normOffset() : 0, RowOrder.SAME));
    } else if (family.ternary() && TensorNames.linear(gguf)) {
      TernaryMatrix matrix =
          TernaryMatrix.of(
              stored,
              checkpoint.tensor(module + ".weight_scale"),
              quantization.ternaryScaleInverted());
      put(gguf + ".weight", matrix.quants(cache));
      put(gguf + ".scale", matrix.scale(cache));
    } else {
      put(gguf + ".weight", StoredMatrix.of(stored, order(gguf)));
    }
  }

  private void gptq(String gguf, String module, Checkpoint.Stored quants) throws IOException {
    GptqConfig gptq =
        quantization
            .gptq()
            .orElseThrow(
                () -> quants.error("is packed, but config.json has no quantization_config"));
    GptqMatrix matrix =
        new GptqMatrix(
            new GptqMatrix.Parts(
                quants,
                part(module, "qzeros"),
                part(module, "scales"),
                checkpoint.tensor(module + ".g_idx").orElse(null)),
            gptq);
    put(gguf + ".weight", matrix.packed(cache, order(gguf)));
    matrix.inputOrder().ifPresent(order -> inputOrders.put(gguf + ".weight", order));
  }

  private Checkpoint.Stored part(String module, String name) throws GgufFormatException {
    return checkpoint
        .tensor(module + "." + name)
        .orElseThrow(() -> config.error("there is no tensor " + module + "." + name));
  }

  /** GPTQ's packers write a bias for every matrix, of zeros where the model has none. */
  private static boolean zeroBias(Checkpoint.Stored stored) throws IOException {
    for (float value : PlainNumbers.read(stored)) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }

  private RowOrder order(String gguf) throws GgufFormatException {
    boolean queries = gguf.endsWith(".attn_q");
    if (!family.interleavesRope() || !(queries || gguf.endsWith(".attn_k"))) {
      return RowOrder.SAME;
    }
    int headDim = ConfigMetadata.headDim(family, config);
    config.require(headDim % 2 == 0, "the width of a head, " + headDim + ", is odd");
    return new RowOrder(
        queries ? ConfigMetadata.heads(family, config) : ConfigMetadata.kvHeads(family, config),
        headDim);
  }

  private void put(String name, TensorReader reader) throws GgufFormatException {
    if (name.endsWith(".attn_q.weight") || name.endsWith(".attn_k.weight")) {
      requireRows(name, reader);
    }
    if (readers.put(name, reader) != null) {
      throw config.error("two tensors are " + name + " in GGUF's terms");
    }
  }

  /** Rows can only change places within whole heads. */
  private void requireRows(String name, TensorReader reader) throws GgufFormatException {
    RowOrder order = order(name.substring(0, name.length() - ".weight".length()));
    if (!order.same() && reader.dims().get(1) != (long) order.heads() * order.headDim()) {
      throw config.error(
          "tensor %s has %d rows, must have %d heads of %d"
              .formatted(name, reader.dims().get(1), order.heads(), order.headDim()));
    }
  }

  private void list() {
    long offset = 0;
    for (Map.Entry<String, TensorReader> entry : readers.entrySet()) {
      TensorReader reader = entry.getValue();
      long bytes = reader.type().bytes(reader.dims().get(0));
      for (int i = 1; i < reader.dims().size(); i++) {
        bytes *= reader.dims().get(i);
      }
      TensorInfo info = new TensorInfo(entry.getKey(), reader.type(), reader.dims(), offset, bytes);
      infos.add(info);
      byName.put(info.name(), info);
      offset += bytes;
    }
  }

  /** In the checkpoint's order; offsets are as if they stood in one file. */
  List<TensorInfo> infos() {
    return List.copyOf(infos);
  }

  Optional<TensorInfo> info(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  TensorReader reader(TensorInfo info) {
    return readers.get(info.name());
  }

  Optional<int[]> inputOrder(String name) {
    return Optional.ofNullable(inputOrders.get(name));
  }

  /** Frees what was converted last. */
  void forgetConverted() {
    cache.clear();
  }
}
