package io.millrace.engine.convert;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufValue;
import io.millrace.engine.gguf.GgufWriter;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import io.millrace.engine.quant.RowDecoder;
import io.millrace.engine.quant.RowEncoder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;

/**
 * Writes a model again with its weights in another type.
 *
 * <p>What gets which type:
 *
 * <ul>
 *   <li>Matrices (two dimensions or more, named {@code .weight}) get the wanted one, or one with
 *       smaller blocks where their rows are not whole blocks of it.
 *   <li>The output matrix, which is the token embeddings where a file has no other, gets Q6_K where
 *       the wanted type is coarser than that: its errors go into the logits as they are. The token
 *       embeddings beside it get Q4_K where the wanted type is ternary. {@code pure} leaves both
 *       rules out. They are llama.cpp's.
 *   <li>Norms, biases and the gates of experts become F32. Tensors of integers stay as they are.
 * </ul>
 */
public final class Quantizer {
  private static final String TOKEN_EMBEDDINGS = "token_embd.weight";
  private static final String OUTPUT = "output.weight";

  /** Copies of unchanged bytes go through a buffer of this size. */
  private static final int COPY_BYTES = 1 << 20;

  /** Types that hold a number of Q6_K at least as well. */
  private static final Set<GgmlType> FINE =
      Set.of(GgmlType.F32, GgmlType.F16, GgmlType.BF16, GgmlType.Q8_0, GgmlType.Q6_K);

  private final GgmlType wanted;
  private final boolean pure;

  /**
   * @param wanted the type of the matrices
   * @param pure of the output matrix and the token embeddings, too
   * @throws IllegalArgumentException if files cannot be written in the type
   */
  public Quantizer(GgmlType wanted, boolean pure) {
    WeightTypes.requireWritable(wanted);
    this.wanted = wanted;
    this.pure = pure;
  }

  /**
   * Writes the file, whole or not at all.
   *
   * @param executor encodes
   * @param note receives a line on whatever is not as one would expect
   * @throws GgufFormatException if a tensor cannot be read, or holds NaN or infinity
   * @throws IOException if a file cannot be read or written
   */
  public void write(ModelSource source, Path path, ExecutorService executor, Consumer<String> note)
      throws IOException {
    GgufWriter writer = new GgufWriter();
    source
        .metadata()
        .values()
        .forEach(
            (key, value) -> {
              if (!key.startsWith("split.")) { // the new file is whole
                writer.put(key, value);
              }
            });
    writer.put("general.file_type", GgufValue.ofUint32(WeightTypes.fileType(wanted)));
    writer.put("general.quantization_version", GgufValue.ofUint32(2));
    EncodedRows rows = new EncodedRows(executor);
    Fallbacks fallbacks = new Fallbacks(wanted, note);
    boolean requantised = false;
    for (TensorInfo tensor : source.tensors()) {
      GgmlType type = typeOf(tensor, source, fallbacks);
      requantised |= type != tensor.type() && tensor.type().quantized();
      add(writer, source, tensor, type, rows);
    }
    if (requantised) {
      note.accept("the weights are quantised already: to round them again loses more");
    }
    writer.writeWhole(path);
  }

  private GgmlType typeOf(TensorInfo tensor, ModelSource source, Fallbacks fallbacks)
      throws GgufFormatException {
    if (!RowDecoder.supports(tensor.type())) {
      if (matrix(tensor)) {
        throw TensorRows.error(source, tensor, "is " + tensor.type() + ", which cannot be read");
      }
      return tensor.type();
    }
    if (!matrix(tensor)) {
      return GgmlType.F32;
    }
    return fallbacks.type(tensor.name(), tensor.columns(), preferred(tensor.name(), source));
  }

  private GgmlType preferred(String tensor, ModelSource source) {
    if (pure || FINE.contains(wanted)) {
      return wanted;
    }
    boolean tied = source.tensor(OUTPUT).isEmpty();
    if (tensor.equals(OUTPUT) || (tied && tensor.equals(TOKEN_EMBEDDINGS))) {
      return GgmlType.Q6_K;
    }
    boolean ternary = wanted == GgmlType.TQ1_0 || wanted == GgmlType.TQ2_0;
    return ternary && tensor.equals(TOKEN_EMBEDDINGS) ? GgmlType.Q4_K : wanted;
  }

  /** Whether a tensor is multiplied with, and not added or scaled with. */
  private static boolean matrix(TensorInfo tensor) {
    String name = tensor.name();
    return tensor.dims().size() > 1
        && tensor.rows() > 1
        && name.endsWith(".weight")
        && !name.endsWith("_norm.weight")
        && !name.endsWith("ffn_gate_inp.weight");
  }

  private static void add(
      GgufWriter writer, ModelSource source, TensorInfo tensor, GgmlType type, EncodedRows rows) {
    long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
    if (type == tensor.type()) {
      writer.tensor(tensor.name(), type, dims, out -> copy(source, tensor, out));
      return;
    }
    RowEncoder encoder = RowEncoder.of(type).orElseThrow();
    int columns = Math.toIntExact(tensor.columns());
    RowSource elements = new TensorRows(source, tensor);
    writer.tensor(
        tensor.name(),
        type,
        dims,
        out -> rows.write(encoder, tensor.rows(), columns, elements, out));
  }

  private static void copy(ModelSource source, TensorInfo tensor, OutputStream out)
      throws IOException {
    byte[] buffer = new byte[(int) Math.min(COPY_BYTES, tensor.bytes())];
    for (long at = 0; at < tensor.bytes(); at += buffer.length) {
      int length = (int) Math.min(buffer.length, tensor.bytes() - at);
      source.read(tensor, at, buffer, 0, length);
      out.write(buffer, 0, length);
    }
  }
}
