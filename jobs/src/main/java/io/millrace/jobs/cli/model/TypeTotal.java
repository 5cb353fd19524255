package io.millrace.jobs.cli.model;

import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** All tensors of one type in a file, together. */
record TypeTotal(String type, int tensors, long elements, long bytes) {

  /** Totals by type, in the order of the types' names. */
  static List<TypeTotal> of(ModelSource source) {
    Map<String, TypeTotal> totals = new TreeMap<>();
    for (TensorInfo tensor : source.tensors()) {
      String type = tensor.type().toString();
      totals.merge(
          type, new TypeTotal(type, 1, tensor.elements(), tensor.bytes()), TypeTotal::plus);
    }
    return List.copyOf(totals.values());
  }

  static TypeTotal sum(List<TypeTotal> totals) {
    return totals.stream().reduce(new TypeTotal("all", 0, 0, 0), TypeTotal::plus);
  }

  double bitsPerWeight() {
    return 8.0 * bytes / elements;
  }

  private TypeTotal plus(TypeTotal other) {
    return new TypeTotal(
        type, tensors + other.tensors, elements + other.elements, bytes + other.bytes);
  }
}
