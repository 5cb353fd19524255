package io.millrace.engine.bench;

import io.millrace.engine.convert.ModelShape;
import io.millrace.engine.convert.RandomModel;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.ModelSource;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A model to measure: a known shape and a type of its matrices, {@code 8b-q4_0}.
 *
 * @param name shape and type
 */
record BenchModel(String name, ModelShape shape, GgmlType type) {

  /** Llama 3's shapes, as its configuration files give them, and one to try the program with. */
  private static final Map<String, ModelShape> SHAPES =
      new TreeMap<>(
          Map.of(
              "70b", new ModelShape(8192, 80, 64, 8, 128, 28672, 128_256, 131_072, false),
              "8b", new ModelShape(4096, 32, 32, 8, 128, 14336, 128_256, 131_072, false),
              "1b", new ModelShape(2048, 16, 32, 8, 64, 8192, 128_256, 131_072, true),
              "tiny", new ModelShape(256, 2, 4, 2, 64, 512, 1024, 131_072, false),
              "tinier", new ModelShape(128, 1, 2, 1, 64, 256, 1024, 131_072, true)));

  /**
   * @throws IllegalArgumentException with one line that says what there is
   */
  static BenchModel named(String name) {
    int dash = name.indexOf('-');
    ModelShape shape = dash < 0 ? null : SHAPES.get(name.substring(0, dash));
    if (shape == null) {
      throw new IllegalArgumentException(
          "model "
              + name
              + " is not SHAPE-TYPE, such as 8b-q4_0; shapes: "
              + String.join(", ", SHAPES.keySet()));
    }
    String type = name.substring(dash + 1).toUpperCase(Locale.ROOT);
    try {
      return new BenchModel(name, shape, GgmlType.valueOf(type));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("model " + name + ": there is no type " + type, e);
    }
  }

  /** Its weights, random, in memory. */
  ModelSource source() {
    return new RandomModel("llama", shape, type, 1).repeated(note -> {});
  }
}
