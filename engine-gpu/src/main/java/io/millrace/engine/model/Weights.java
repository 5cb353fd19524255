package io.millrace.engine.model;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.Tensor;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A model's tensors by their role, on one kind of backend.
 *
 * <p>Weights never change and may be shared by any number of {@link Transformer}s, on different
 * threads too: each keeps a share, and the last {@link #close} frees the memory. A matrix {@code
 * [outputs, inputs]} maps inputs to outputs.
 */
public final class Weights implements AutoCloseable {
  static final String TOKEN_EMBEDDINGS = "token_embd.weight";
  private static final String OUTPUT_NORM = "output_norm.weight";
  private static final String OUTPUT = "output.weight";
  private static final String ROPE_FACTORS = "rope_freqs.weight";

  /** Frequencies that old converters wrote; they follow from the metadata. */
  private static final String REDUNDANT = ".attn_rot_embd";

  /**
   * One transformer block.
   *
   * @param attentionNorm {@code [dim]}
   * @param query {@code [heads x headDim, dim]}
   * @param key {@code [kvHeads x headDim, dim]}
   * @param value {@code [kvHeads x headDim, dim]}
   * @param attentionOutput {@code [dim, heads x headDim]}
   * @param ffnNorm {@code [dim]}
   * @param gate {@code [ffnDim, dim]}
   * @param up {@code [ffnDim, dim]}
   * @param down {@code [dim, ffnDim]}
   */
  public record Layer(
      Tensor attentionNorm,
      Tensor query,
      Tensor key,
      Tensor value,
      Tensor attentionOutput,
      Tensor ffnNorm,
      Tensor gate,
      Tensor up,
      Tensor down) {}

  private final ModelConfig config;
  private final Tensor tokenEmbeddings;
  private final Tensor ropeFrequencies;
  private final List<Layer> layers;
  private final Tensor outputNorm;
  private final Tensor output;
  private final List<Tensor> owned;
  private int shares = 1;

  private Weights(ModelConfig config, Loader loader) throws IOException {
    int dim = config.dim();
    this.config = config;
    this.owned = loader.loaded;
    tokenEmbeddings = loader.matrix(TOKEN_EMBEDDINGS, config.vocabSize(), dim);
    ropeFrequencies = loader.ropeFrequencies(config);
    List<Layer> blocks = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      String block = "blk." + i + ".";
      blocks.add(
          new Layer(
              loader.vector(block + "attn_norm.weight", dim),
              loader.matrix(block + "attn_q.weight", config.queryDim(), dim),
              loader.matrix(block + "attn_k.weight", config.kvDim(), dim),
              loader.matrix(block + "attn_v.weight", config.kvDim(), dim),
              loader.matrix(block + "attn_output.weight", dim, config.queryDim()),
              loader.vector(block + "ffn_norm.weight", dim),
              loader.matrix(block + "ffn_gate.weight", config.ffnDim(), dim),
              loader.matrix(block + "ffn_up.weight", config.ffnDim(), dim),
              loader.matrix(block + "ffn_down.weight", dim, config.ffnDim())));
    }
    layers = List.copyOf(blocks);
    outputNorm = loader.vector(OUTPUT_NORM, dim);
    output =
        loader.source.tensor(OUTPUT).isPresent()
            ? loader.matrix(OUTPUT, config.vocabSize(), dim)
            : tokenEmbeddings; // tied
    loader.requireAllUsed();
  }

  /**
   * Loads a model. The caller owns one share of it.
   *
   * @param backend where the weights go; any other backend of the same kind can use them too
   * @throws GgufFormatException if the file is not a model the engine and the backend can run: one
   *     line that says why
   * @throws IOException if the file cannot be read
   */
  public static Weights load(ModelSource source, Backend backend) throws IOException {
    Loader loader = new Loader(source, backend);
    try {
      return new Weights(ModelConfig.of(source), loader);
    } catch (IOException | RuntimeException | Error e) {
      loader.loaded.forEach(Tensor::close);
      throw e;
    }
  }

  public ModelConfig config() {
    return config;
  }

  /** {@code [vocab, dim]}. */
  public Tensor tokenEmbeddings() {
    return tokenEmbeddings;
  }

  /** {@code [ropeDim / 2]}, radians per position. */
  public Tensor ropeFrequencies() {
    return ropeFrequencies;
  }

  public List<Layer> layers() {
    return layers;
  }

  /** {@code [dim]}. */
  public Tensor outputNorm() {
    return outputNorm;
  }

  /** {@code [vocab, dim]}; the token embeddings where the file has no matrix of its own. */
  public Tensor output() {
    return output;
  }

  /** Bytes of memory all tensors take. */
  public long bytes() {
    return owned.stream().mapToLong(Tensor::bytes).sum();
  }

  /**
   * Takes one more share, to be given back with {@link #close}.
   *
   * @throws IllegalStateException if the memory has been freed
   */
  public synchronized Weights share() {
    if (shares == 0) {
      throw new IllegalStateException("the weights are closed");
    }
    shares++;
    return this;
  }

  /** Gives one share back; the last one frees the memory. */
  @Override
  public synchronized void close() {
    if (shares == 0) {
      throw new IllegalStateException("the weights are closed");
    }
    if (--shares == 0) {
      owned.forEach(Tensor::close);
    }
  }

  /** Loads tensors by name and remembers which. */
  private static final class Loader {
    private final ModelSource source;
    private final Backend backend;
    private final List<Tensor> loaded = new ArrayList<>();
    private final Set<String> used = new HashSet<>();

    Loader(ModelSource source, Backend backend) {
      this.source = source;
      this.backend = backend;
    }

    Tensor vector(String name, int length) throws IOException {
      return matrix(name, 1, length);
    }

    Tensor matrix(String name, int rows, int columns) throws IOException {
      TensorInfo info = source.tensor(name).orElseThrow(() -> error("there is no tensor " + name));
      if (info.rows() != rows || info.columns() != columns) {
        throw error(
            "tensor %s is %d x %d, must be %d x %d"
                .formatted(name, info.rows(), info.columns(), rows, columns));
      }
      if (!backend.supports(info.type())) {
        throw error(
            "tensor %s is %s, which %s does not support"
                .formatted(name, info.type(), backend.name()));
      }
      used.add(name);
      return keep(
          backend.weight(
              name,
              info.type(),
              rows,
              columns,
              (offset, into, length) -> source.read(info, offset, into, 0, length)));
    }

    /** base ^ (-2i / ropeDim), over the linear factor, over the file's own factors (Llama 3). */
    Tensor ropeFrequencies(ModelConfig config) throws IOException {
      int pairs = config.ropeDim() / 2;
      Tensor factors = source.tensor(ROPE_FACTORS).isPresent() ? vector(ROPE_FACTORS, pairs) : null;
      float[] factor = new float[pairs];
      if (factors != null) {
        backend.read(1, factors, factor);
      }
      ByteBuffer bytes = ByteBuffer.allocate(4 * pairs).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < pairs; i++) {
        double frequency = Math.pow(config.ropeBase(), -2.0 * i / config.ropeDim());
        frequency /= config.ropeFactor();
        if (factors != null) {
          if (!(factor[i] > 0)) {
            throw error("tensor " + ROPE_FACTORS + " holds " + factor[i] + ", must be above 0");
          }
          frequency /= factor[i];
        }
        bytes.putFloat((float) frequency);
      }
      return keep(
          backend.weight(
              "rope frequencies",
              GgmlType.F32,
              1,
              pairs,
              (offset, into, length) -> bytes.get(Math.toIntExact(offset), into, 0, length)));
    }

    private Tensor keep(Tensor tensor) {
      loaded.add(tensor);
      return tensor;
    }

    /** A tensor nobody asked for (a bias, a norm) would change the answers: better no answer. */
    void requireAllUsed() throws GgufFormatException {
      for (TensorInfo tensor : source.tensors()) {
        if (!used.contains(tensor.name()) && !tensor.name().contains(REDUNDANT)) {
          throw error(
              "tensor "
                  + GgufFormatException.quote(tensor.name())
                  + " has no place in this architecture as the engine knows it");
        }
      }
    }

    private GgufFormatException error(String problem) {
      return new GgufFormatException(source.path() + ": " + problem);
    }
  }
}
