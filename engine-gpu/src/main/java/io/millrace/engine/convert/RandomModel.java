package io.millrace.engine.convert;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufValue;
import io.millrace.engine.gguf.GgufWriter;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.quant.RowEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;

/**
 * A model of any shape with random weights: for measuring speed, and for comparing runtimes. The
 * weights are about normal and of a size that keeps activations near 1. They depend on the seed
 * only, so that models of one shape and seed differ by how their weights are rounded.
 *
 * <p>Every matrix is of the wanted type, the token embeddings and the output matrix too, where its
 * rows are whole blocks of it; norms and biases are F32.
 */
public final class RandomModel {
  private static final double VECTOR_DEVIATION = 0.1;

  /** With larger ones, a model whose embeddings are its output matrix would repeat its input. */
  private static final double TIED_FACTOR = 0.25;

  private final ArchitectureTensors architecture;
  private final ModelShape shape;
  private final GgmlType type;
  private final long seed;

  /**
   * @param architecture the value of {@code general.architecture}
   * @param type of the matrices
   * @throws IllegalArgumentException if the architecture or the type is not known, with one line
   *     that says what is
   */
  public RandomModel(String architecture, ModelShape shape, GgmlType type, long seed) {
    this.architecture =
        ArchitectureTensors.byName(architecture)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "architecture "
                            + architecture
                            + " is not known; known: "
                            + ArchitectureTensors.knownNames()));
    WeightTypes.requireWritable(type);
    this.shape = shape;
    this.type = type;
    this.seed = seed;
  }

  /** Parameters of the model: elements of all tensors. */
  public long parameters() {
    return architecture.tensors(shape).stream()
        .mapToLong(t -> (long) t.rows().applyAsInt(shape) * t.columns().applyAsInt(shape))
        .sum();
  }

  /**
   * Writes the file, whole or not at all.
   *
   * @param executor encodes
   * @param note receives a line for each kind of tensor that could not be of the wanted type
   */
  public void write(Path path, ExecutorService executor, Consumer<String> note) throws IOException {
    GgufWriter writer = new GgufWriter();
    metadata().forEach(writer::put);
    EncodedRows rows = new EncodedRows(executor);
    Fallbacks fallbacks = new Fallbacks(type, note);
    List<TensorSpec> tensors = architecture.tensors(shape);
    for (int i = 0; i < tensors.size(); i++) {
      add(writer, tensors.get(i), i, rows, fallbacks);
    }
    writer.writeWhole(path);
  }

  /**
   * The model without a file, for measuring speed: a matrix's rows come again after some megabytes,
   * so that the largest model takes little memory and no time to make. Its bytes are not those of
   * {@link #write}.
   *
   * @param note as {@link #write} takes it
   */
  public ModelSource repeated(Consumer<String> note) {
    Fallbacks fallbacks = new Fallbacks(type, note);
    RepeatedRows source = new RepeatedRows("random " + architecture.name(), metadata());
    for (TensorSpec tensor : architecture.tensors(shape)) {
      int columns = tensor.columns().applyAsInt(shape);
      // One content for all tensors that are alike: their rows are the same.
      RandomRows content = new RandomRows(seed, 0, mean(tensor), deviation(tensor, columns));
      source.add(
          tensor.name(),
          used(tensor, columns, fallbacks),
          tensor.vector() ? 0 : tensor.rows().applyAsInt(shape),
          columns,
          tensor.content().name(),
          content);
    }
    return source;
  }

  private static GgmlType used(TensorSpec tensor, int columns, Fallbacks fallbacks) {
    return tensor.vector() ? GgmlType.F32 : fallbacks.type(tensor.name(), columns);
  }

  private void add(
      GgufWriter writer, TensorSpec tensor, int index, EncodedRows rows, Fallbacks fallbacks) {
    int outputs = tensor.rows().applyAsInt(shape);
    int columns = tensor.columns().applyAsInt(shape);
    RandomRows content = new RandomRows(seed, index, mean(tensor), deviation(tensor, columns));
    GgmlType used = used(tensor, columns, fallbacks);
    RowEncoder encoder = RowEncoder.of(used).orElseThrow();
    long[] dims = tensor.vector() ? new long[] {columns} : new long[] {columns, outputs};
    writer.tensor(
        tensor.name(), used, dims, out -> rows.write(encoder, outputs, columns, content, out));
  }

  private static float mean(TensorSpec tensor) {
    return tensor.content() == TensorSpec.Content.NORM ? 1 : 0;
  }

  private float deviation(TensorSpec tensor, int columns) {
    double kept = 1 / Math.sqrt(columns);
    return (float)
        switch (tensor.content()) {
          case EMBEDDINGS -> architecture.tied(shape) ? kept * TIED_FACTOR : kept;
          case MATRIX -> kept;
          case RESIDUAL -> kept / Math.sqrt(2.0 * shape.layers());
          case NORM, BIAS -> VECTOR_DEVIATION;
        };
  }

  private Map<String, GgufValue> metadata() {
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    String name = architecture.name();
    metadata.put("general.architecture", GgufValue.ofString(name));
    metadata.put("general.name", GgufValue.ofString("random " + name));
    metadata.put("general.file_type", GgufValue.ofUint32(WeightTypes.fileType(type)));
    metadata.put("general.quantization_version", GgufValue.ofUint32(2));
    String prefix = name + ".";
    integer(metadata, prefix + "context_length", shape.contextLength());
    integer(metadata, prefix + "embedding_length", shape.dim());
    integer(metadata, prefix + "block_count", shape.layers());
    integer(metadata, prefix + "feed_forward_length", shape.ffnDim());
    integer(metadata, prefix + "attention.head_count", shape.heads());
    integer(metadata, prefix + "attention.head_count_kv", shape.kvHeads());
    integer(metadata, prefix + "attention.key_length", shape.headDim());
    integer(metadata, prefix + "attention.value_length", shape.headDim());
    integer(metadata, prefix + "rope.dimension_count", shape.headDim());
    integer(metadata, prefix + "vocab_size", shape.vocabSize());
    metadata.put(prefix + "attention.layer_norm_rms_epsilon", GgufValue.ofFloat(1e-5f));
    metadata.put(prefix + "rope.freq_base", GgufValue.ofFloat(10_000));
    architecture.metadata().forEach((key, value) -> metadata.put(prefix + key, value));
    SyntheticVocabulary.put(metadata, shape.vocabSize());
    return metadata;
  }

  private static void integer(Map<String, GgufValue> metadata, String key, int value) {
    metadata.put(key, GgufValue.ofUint32(value));
  }
}
