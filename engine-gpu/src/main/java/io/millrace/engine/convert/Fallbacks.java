package io.millrace.engine.convert;

import io.millrace.engine.gguf.GgmlType;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/** Chooses each tensor's type, and says once a kind of tensor where it is not the wanted one. */
final class Fallbacks {
  private final GgmlType wanted;
  private final Consumer<String> note;
  private final Set<String> said = new HashSet<>();

  Fallbacks(GgmlType wanted, Consumer<String> note) {
    this.wanted = wanted;
    this.note = note;
  }

  /** The wanted type, or what stands in for it where rows are not whole blocks. */
  GgmlType type(String tensor, long columns) {
    return type(tensor, columns, wanted);
  }

  /** The same with another type in the wanted one's place. */
  GgmlType type(String tensor, long columns, GgmlType type) {
    GgmlType used = WeightTypes.fitting(type, columns);
    String kind = tensor.replaceFirst("^blk\\.[0-9]+\\.", "blk.*.");
    if (used != type && said.add(kind)) {
      note.accept(
          kind
              + " is "
              + used
              + ": its rows of "
              + columns
              + " are not whole blocks of "
              + type.blockElements()
              + ", as "
              + type
              + " needs");
    }
    return used;
  }
}
