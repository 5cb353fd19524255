package io.millrace.engine.convert;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.RowEncoder;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/** Which types a file's weights get when one is asked for. */
final class WeightTypes {

  /** GGUF's {@code general.file_type}: llama.cpp's {@code enum llama_ftype}. */
  private static final Map<GgmlType, Integer> FILE_TYPES =
      Map.ofEntries(
          Map.entry(GgmlType.F32, 0),
          Map.entry(GgmlType.F16, 1),
          Map.entry(GgmlType.Q4_0, 2),
          Map.entry(GgmlType.Q4_1, 3),
          Map.entry(GgmlType.Q8_0, 7),
          Map.entry(GgmlType.Q5_0, 8),
          Map.entry(GgmlType.Q5_1, 9),
          Map.entry(GgmlType.Q2_K, 10),
          Map.entry(GgmlType.Q3_K, 11),
          Map.entry(GgmlType.Q4_K, 14),
          Map.entry(GgmlType.Q5_K, 16),
          Map.entry(GgmlType.Q6_K, 18),
          Map.entry(GgmlType.BF16, 32),
          Map.entry(GgmlType.TQ1_0, 36),
          Map.entry(GgmlType.TQ2_0, 37),
          Map.entry(GgmlType.MXFP4, 38));

  private WeightTypes() {}

  /**
   * @throws IllegalArgumentException if files cannot be made in the type; lists those that can
   */
  static void requireWritable(GgmlType type) {
    if (!FILE_TYPES.containsKey(type) || RowEncoder.of(type).isEmpty()) {
      throw new IllegalArgumentException(
          "files cannot be written in type "
              + type
              + "; they can in "
              + Arrays.stream(GgmlType.values())
                  .filter(t -> FILE_TYPES.containsKey(t) && RowEncoder.of(t).isPresent())
                  .map(GgmlType::toString)
                  .collect(Collectors.joining(", ")));
    }
  }

  /** The number that says in a file what most of its weights are; of a writable type. */
  static int fileType(GgmlType type) {
    return FILE_TYPES.get(type);
  }

  /**
   * The type itself where rows of so many columns are whole blocks of it; else one of about its
   * precision whose blocks are smaller, as llama.cpp chooses it; else F16.
   */
  static GgmlType fitting(GgmlType wanted, long columns) {
    if (columns % wanted.blockElements() == 0) {
      return wanted;
    }
    GgmlType smaller =
        switch (wanted) {
          case Q4_K -> GgmlType.Q5_0;
          case Q5_K -> GgmlType.Q5_1;
          case Q6_K -> GgmlType.Q8_0;
          default -> GgmlType.Q4_0;
        };
    return columns % smaller.blockElements() == 0 ? smaller : GgmlType.F16;
  }
}
