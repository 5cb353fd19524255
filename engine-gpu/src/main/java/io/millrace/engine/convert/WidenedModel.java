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
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;

/**
 * A trained model made wider without changing its function: for measuring, on a large model that
 * says something, what depends on what models say, such as speculation.
 *
 * <p>The residual stream, the heads and the feed-forward units are there {@code factor} times, one
 * copy after the other: query heads and key-value heads alike, so that each keeps its own; heads
 * stay as wide as they are. A matrix is repeated in both directions and divided by the factor, as
 * its inputs come that many times. Norms are repeated: the mean square of a repeated vector is that
 * of the vector. The factor is a power of two, so that nothing is rounded by the division; logits
 * differ by what float32 sums in another order differ.
 *
 * <p>An output matrix that is the token embeddings becomes one of its own, as only one of the two
 * is divided.
 */
public final class WidenedModel {
  private static final int FACTOR_MAX = 64;
  private static final String TOKEN_EMBEDDINGS = "token_embd.weight";
  private static final String OUTPUT = "output.weight";

  /** Whose layers are built of the tensors below, and of no others. */
  private static final Set<String> ARCHITECTURES = Set.of("llama", "qwen2", "qwen3");

  private static final Set<String> SQUARE =
      Set.of(
          "attn_q.weight",
          "attn_k.weight",
          "attn_v.weight",
          "attn_output.weight",
          "ffn_gate.weight",
          "ffn_up.weight",
          "ffn_down.weight");

  private static final Set<String> VECTORS =
      Set.of(
          "attn_norm.weight",
          "ffn_norm.weight",
          "output_norm.weight",
          "attn_q.bias",
          "attn_k.bias",
          "attn_v.bias",
          "attn_output.bias",
          "ffn_gate.bias",
          "ffn_up.bias",
          "ffn_down.bias");

  /** Of one head, or of its rotation. */
  private static final Set<String> UNCHANGED =
      Set.of("attn_q_norm.weight", "attn_k_norm.weight", "rope_freqs.weight");

  private final int factor;
  private final GgmlType type;

  /**
   * @param factor a power of two, 2 to 64
   * @param type of the matrices
   * @throws IllegalArgumentException with one line, if the factor is another or files cannot be
   *     written in the type
   */
  public WidenedModel(int factor, GgmlType type) {
    if (factor < 2 || factor > FACTOR_MAX || Integer.bitCount(factor) != 1) {
      throw new IllegalArgumentException(
          "the factor is " + factor + ", must be a power of two, 2 to " + FACTOR_MAX);
    }
    WeightTypes.requireWritable(type);
    this.factor = factor;
    this.type = type;
  }

  /**
   * Writes the file, whole or not at all.
   *
   * @param executor encodes
   * @param note receives a line for each kind of tensor that could not be of the wanted type
   * @throws GgufFormatException if the model is of an architecture that is not known here, or a
   *     tensor is not or cannot be read
   * @throws IOException if a file cannot be read or written
   */
  public void write(ModelSource source, Path path, ExecutorService executor, Consumer<String> note)
      throws IOException {
    GgufWriter writer = new GgufWriter();
    putMetadata(source, writer);
    EncodedRows rows = new EncodedRows(executor);
    Fallbacks fallbacks = new Fallbacks(type, note);
    for (TensorInfo tensor : source.tensors()) {
      add(writer, source, tensor, fallbacks, rows);
    }
    if (source.tensor(OUTPUT).isEmpty()) {
      TensorInfo tied =
          source
              .tensor(TOKEN_EMBEDDINGS)
              .orElseThrow(
                  () -> new GgufFormatException(source.path() + ": no " + TOKEN_EMBEDDINGS));
      add(writer, OUTPUT, matrix(OUTPUT, tied, fallbacks), read(source, tied), 1, true, rows);
    }
    writer.writeWhole(path);
  }

  private void putMetadata(ModelSource source, GgufWriter writer) throws IOException {
    String architecture = source.metadata().requireString("general.architecture");
    if (!ARCHITECTURES.contains(architecture)) {
      throw new GgufFormatException(
          source.path()
              + ": models of architecture "
              + GgufFormatException.quote(architecture)
              + " cannot be widened; those of llama, qwen2 and qwen3 can");
    }
    source
        .metadata()
        .values()
        .forEach(
            (key, value) -> {
              if (!key.startsWith("split.")) { // the new file is whole
                writer.put(key, value);
              }
            });
    String prefix = architecture + ".";
    int dim = width(source, prefix + "embedding_length");
    int heads = width(source, prefix + "attention.head_count");
    for (String key :
        List.of(
            "embedding_length",
            "feed_forward_length",
            "attention.head_count",
            "attention.head_count_kv")) {
      if (source.metadata().contains(prefix + key)) {
        long widened = (long) factor * width(source, prefix + key);
        writer.put(prefix + key, GgufValue.ofUint32(widened));
      }
    }
    for (String key : List.of("attention.key_length", "attention.value_length")) {
      if (!source.metadata().contains(prefix + key)) {
        writer.put(prefix + key, GgufValue.ofUint32(dim / heads));
      }
    }
    writer.put("general.file_type", GgufValue.ofUint32(WeightTypes.fileType(type)));
    writer.put("general.quantization_version", GgufValue.ofUint32(2));
  }

  private static int width(ModelSource source, String key) throws GgufFormatException {
    return source.metadata().requireInt(key, 1, 1 << 20);
  }

  private void add(
      GgufWriter writer,
      ModelSource source,
      TensorInfo tensor,
      Fallbacks fallbacks,
      EncodedRows rows)
      throws GgufFormatException {
    String name = tensor.name();
    String kind = name.replaceFirst("^blk\\.[0-9]+\\.", "");
    RowSource elements = read(source, tensor);
    if (UNCHANGED.contains(kind)) {
      RowEncoder encoder = RowEncoder.of(GgmlType.F32).orElseThrow();
      int columns = Math.toIntExact(tensor.columns());
      writer.tensor(
          name,
          GgmlType.F32,
          new long[] {columns},
          out -> rows.write(encoder, 1, columns, elements, out));
    } else if (VECTORS.contains(kind)) {
      add(writer, name, new Matrix(1, tensor.columns(), GgmlType.F32), elements, 1, false, rows);
    } else if (SQUARE.contains(kind)) {
      add(writer, name, matrix(name, tensor, fallbacks), elements, factor, true, rows);
    } else if (name.equals(OUTPUT) || name.equals(TOKEN_EMBEDDINGS)) {
      Matrix matrix = matrix(name, tensor, fallbacks);
      add(writer, name, matrix, elements, 1, name.equals(OUTPUT), rows);
    } else {
      throw TensorRows.error(source, tensor, "is none that can be widened");
    }
  }

  /** The tensor's dimensions before, and its type after. */
  private record Matrix(long rows, long columns, GgmlType type) {}

  private Matrix matrix(String name, TensorInfo tensor, Fallbacks fallbacks) {
    GgmlType used = fallbacks.type(name, factor * tensor.columns());
    return new Matrix(tensor.rows(), tensor.columns(), used);
  }

  /**
   * @param copies of its rows; its columns are there {@code factor} times in any case
   * @param divided whether it is a matrix whose inputs are repeated
   */
  private void add(
      GgufWriter writer,
      String name,
      Matrix matrix,
      RowSource elements,
      int copies,
      boolean divided,
      EncodedRows rows) {
    int columns = Math.toIntExact(matrix.columns());
    int widened = Math.multiplyExact(columns, factor);
    long outputs = matrix.rows() * copies;
    RowEncoder encoder = RowEncoder.of(matrix.type()).orElseThrow();
    RowSource repeated =
        (row, into) -> {
          float[] once = new float[columns];
          elements.read(row % matrix.rows(), once);
          for (int i = 0; i < columns; i++) {
            once[i] = divided ? once[i] / factor : once[i];
          }
          for (int i = 0; i < widened; i += columns) {
            System.arraycopy(once, 0, into, i, columns);
          }
        };
    boolean vector = VECTORS.contains(name.replaceFirst("^blk\\.[0-9]+\\.", ""));
    long[] dims = vector ? new long[] {widened} : new long[] {widened, outputs};
    writer.tensor(
        name, matrix.type(), dims, out -> rows.write(encoder, outputs, widened, repeated, out));
  }

  private static RowSource read(ModelSource source, TensorInfo tensor) throws GgufFormatException {
    if (!RowDecoder.supports(tensor.type())) {
      throw TensorRows.error(source, tensor, "is " + tensor.type() + ", which cannot be read");
    }
    return new TensorRows(source, tensor);
  }
}
