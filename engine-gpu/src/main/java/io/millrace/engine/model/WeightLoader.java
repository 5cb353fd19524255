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
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Loads tensors by name, checks their shapes, and remembers which were asked for. One that only
 * checks reads no data, and gives null for tensors: so a large model is not read for minutes before
 * its last tensor turns out to be wrong.
 */
final class WeightLoader {

  /** Frequencies that old converters wrote; they follow from the metadata. */
  private static final String REDUNDANT = ".attn_rot_embd";

  private final ModelSource source;
  private final Backend backend;
  private final boolean checksOnly;
  private final List<Tensor> loaded = new ArrayList<>();
  private final Set<String> used = new HashSet<>();

  private WeightLoader(ModelSource source, Backend backend, boolean checksOnly) {
    this.source = source;
    this.backend = backend;
    this.checksOnly = checksOnly;
  }

  static WeightLoader loading(ModelSource source, Backend backend) {
    return new WeightLoader(source, backend, false);
  }

  static WeightLoader checking(ModelSource source, Backend backend) {
    return new WeightLoader(source, backend, true);
  }

  /** All tensors loaded until now, to be closed by their owner. */
  List<Tensor> loaded() {
    return loaded;
  }

  boolean has(String name) {
    return source.tensor(name).isPresent();
  }

  Tensor vector(String name, int length) throws IOException {
    return matrix(name, 1, length);
  }

  /** A vector, or null if the file has none of that name. */
  Tensor optionalVector(String name, int length) throws IOException {
    return has(name) ? vector(name, length) : null;
  }

  Tensor matrix(String name, int rows, int columns) throws IOException {
    return rows(name, rows, columns, 0, rows);
  }

  /** {@code NAME.weight}, with {@code NAME.scale} and {@code NAME.bias} where the file has them. */
  Linear linear(String name, int outputs, int inputs) throws IOException {
    return linear(name, outputs, inputs, 0, outputs);
  }

  /**
   * Some of the outputs of a map: files may hold several maps of the same input as one.
   *
   * @param all outputs of all together
   * @param first the first that is wanted
   * @param count how many
   */
  Linear linear(String name, int all, int inputs, int first, int count) throws IOException {
    return new Linear(
        rows(name + ".weight", all, inputs, first, count),
        has(name + ".scale") ? floats(name + ".scale", 1)[0] : 1f,
        bias(name + ".bias", all, first, count),
        inputOrder(name));
  }

  /** The order of the inputs, checked to be one; null if it is theirs. */
  private Tensor inputOrder(String name) throws IOException {
    int[] order = source.inputOrder(source.tensor(name + ".weight").orElseThrow()).orElse(null);
    if (order == null) {
      return null;
    }
    float[] elements = new float[order.length];
    BitSet seen = new BitSet();
    for (int i = 0; i < order.length; i++) {
      elements[i] = order[i]; // exact: below 2^24
      seen.set(order[i]);
    }
    if (seen.cardinality() != order.length || seen.length() != order.length) {
      throw error("the inputs' order of tensor " + name + ".weight is not one");
    }
    return computed(name + " input order", elements);
  }

  private Tensor bias(String name, int all, int first, int count) throws IOException {
    if (!has(name)) {
      return null;
    }
    if (count == all) {
      return vector(name, all);
    }
    float[] part = new float[count];
    System.arraycopy(floats(name, all), first, part, 0, count);
    return computed(name, part);
  }

  private Tensor rows(String name, int all, int columns, int first, int count) throws IOException {
    TensorInfo info = check(name, all, columns);
    if (checksOnly) {
      return null;
    }
    long start = info.type().bytes((long) first * columns);
    return keep(
        backend.weight(
            name,
            info.type(),
            count,
            columns,
            (offset, into, length) -> source.read(info, start + offset, into, 0, length)));
  }

  private TensorInfo check(String name, int rows, int columns) throws GgufFormatException {
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
    return info;
  }

  /** The elements of a vector that the backend need not keep. */
  float[] floats(String name, int length) throws IOException {
    TensorInfo info = check(name, 1, length);
    float[] elements = new float[length];
    if (checksOnly) {
      Arrays.fill(elements, 1);
      return elements;
    }
    try (Tensor tensor =
        backend.weight(
            name,
            info.type(),
            1,
            length,
            (offset, into, bytes) -> source.read(info, offset, into, 0, bytes))) {
      backend.read(1, tensor, elements);
    }
    return elements;
  }

  /** Factors to divide by: each above 0. */
  float[] divisors(String name, int length) throws IOException {
    float[] divisors = floats(name, length);
    for (float divisor : divisors) {
      if (!(divisor > 0)) {
        throw error("tensor " + name + " holds " + divisor + ", must be above 0");
      }
    }
    return divisors;
  }

  /** A vector that is in no file. */
  Tensor computed(String name, float[] elements) throws IOException {
    if (checksOnly) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.allocate(4 * elements.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(elements);
    return keep(
        backend.weight(
            name,
            GgmlType.F32,
            1,
            elements.length,
            (offset, into, length) -> bytes.get(Math.toIntExact(offset), into, 0, length)));
  }

  private Tensor keep(Tensor tensor) {
    loaded.add(tensor);
    return tensor;
  }

  /** A tensor nobody asked for (a norm, an expert) would change the answers: better no answer. */
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

  GgufFormatException error(String problem) {
    return new GgufFormatException(source.path() + ": " + problem);
  }
}
