package io.millrace.engine.backend.cuda.kernels;

import io.millrace.engine.gguf.GgmlType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** For each kernel that ships, what compares it with its reference: tests of this package. */
final class KernelChecks {
  private final Map<String, Runnable> checks = new TreeMap<>();

  private KernelChecks() {
    attention();
    gemms();
    embeddings();
    rows();
    sampling();
  }

  /** Kernel to what fails if it does wrong. */
  static Map<String, Runnable> all() {
    return new KernelChecks().checks;
  }

  private void attention() {
    for (String type : List.of("f32", "f16", "int8")) {
      String name = "attention_" + type;
      checks.put(
          name + "_d32",
          () -> {
            new AttentionKernelTest()
                .attentionIsThatOfDoublePrecision(type, 6, 2, 18, 5, 29, 2f, 0);
            new AttentionKernelTest()
                .attentionIsThatOfDoublePrecision(type, 6, 2, 18, 5, 32, 0f, 0);
            new AttentionKernelTest()
                .attentionIsThatOfDoublePrecision(type, 8, 4, 32, 16, 70, 0f, 17);
          });
      checks.put(name + "_d64", attention(type, 4, 1, 64, 40, 9));
      checks.put(name + "_d128", attention(type, 4, 2, 128, 40, 0));
      checks.put(name + "_d256", attention(type, 2, 1, 256, 40, 11));
      checks.put("kv_store_" + type, attention(type, 3, 3, 64, 20, 0));
      String prefill = "attention_prefill_" + type;
      checks.put(
          prefill + "_d64",
          () -> {
            new AttentionKernelTest().chunksAreNearDoublePrecision(type, 2, 1, 64, 7, 80, 0f, 40);
            new AttentionKernelTest().chunksAreNearDoublePrecision(type, 2, 1, 48, 16, 40, 5f, 0);
          });
      checks.put(
          prefill + "_d128",
          () ->
              new AttentionKernelTest()
                  .chunksAreNearDoublePrecision(type, 2, 1, 128, 16, 40, 3f, 30));
    }
    checks.put("attention_merge", attention("f32", 2, 1, 32, 600, 0)); // five splits
  }

  private static Runnable attention(
      String type, int heads, int kvHeads, int headDim, int tokens, int window) {
    return () ->
        new AttentionKernelTest()
            .attentionIsThatOfDoublePrecision(
                type, heads, kvHeads, headDim, 16, tokens, 0f, window);
  }

  private void gemms() {
    checks.put("gemm_f32", gemm(GgmlType.F32, 8, 9, 7, 70));
    checks.put("gemm_bf16", gemm(GgmlType.BF16, 8, 3, 6, 37));
    gemms("w16", GgmlType.F16, 300, 16, 32, 64);
    gemms("w8", GgmlType.Q8_0, 608, 16, 32, 64);
    gemms("w4", GgmlType.Q4_0, 608, 16, 32, 64);
    gemms("w4k", GgmlType.Q4_K, 256, 16, 32);
    checks.put(
        "gemm_merge",
        () -> new GemmKernelTest().threeWeightsAreMultipliedInOneLaunch(GgmlType.F16, 32, 20));
    for (int tile : new int[] {8, 16, 32, 64}) {
      checks.put("gemm_w2_n" + tile, gemm(GgmlType.TQ2_0, tile, tile - 3, 18, 256));
    }
    for (int tile : new int[] {8, 64}) {
      checks.put(
          "gemm_any_n" + tile,
          () -> {
            new GemmKernelTest().everyOtherTypeIsMultipliedToo(GgmlType.Q6_K);
            new GemmKernelTest().everyOtherTypeIsMultipliedToo(GgmlType.Q5_1); // has minima
          });
    }
  }

  private void gemms(String name, GgmlType type, int columns, int... tiles) {
    checks.put("gemm_" + name + "_n8", gemm(type, 8, 5, 18, columns));
    for (int tile : tiles) {
      checks.put("gemm_" + name + "_tile_n" + tile, gemm(type, tile, tile - 3, 18, columns));
    }
  }

  private static Runnable gemm(GgmlType type, int tile, int rows, int outputs, int columns) {
    return () ->
        new GemmKernelTest().productsAreThoseOfDoublePrecision(type, tile, rows, outputs, columns);
  }

  private void embeddings() {
    Map<String, GgmlType> types =
        Map.of(
            "f32", GgmlType.F32,
            "bf16", GgmlType.BF16,
            "w16", GgmlType.F16,
            "w8", GgmlType.Q8_0,
            "w4", GgmlType.Q4_0,
            "w4k", GgmlType.Q4_K,
            "w2", GgmlType.TQ2_0,
            "any", GgmlType.Q5_1);
    types.forEach(
        (suffix, type) ->
            checks.put(
                "embed_" + suffix, () -> new EmbedKernelTest().rowsAreThoseOfTheTable(type)));
  }

  private void rows() {
    for (String norm : List.of("norm_rms", "norm_add_rms")) {
      checks.put(
          norm,
          () -> {
            new RowKernelsTest().normsAreThoseOfDoublePrecision(2, 45);
            new RowKernelsTest().normsAreThoseOfDoublePrecision(1, 1000);
          });
    }
    checks.put("rope_angles", () -> new RowKernelsTest().anglesAreExactAtAnyPosition());
    for (String rope : List.of("rope_rotate", "rope_store_f32")) {
      checks.put(
          rope,
          () -> {
            new RowKernelsTest().headsAreTurnedAndStored(0);
            new RowKernelsTest().headsAreTurnedAndStored(1);
          });
    }
    for (String type : List.of("f16", "int8")) {
      checks.put(
          "rope_store_" + type,
          () -> new RowKernelsTest().turnedHeadsAreStoredAsTheyAreAlone(type));
    }
    checks.put(
        "swiglu",
        () -> {
          for (int activation = 0; activation < 3; activation++) {
            new RowKernelsTest().gatedUnitsAreThoseOfThePapers(activation);
          }
        });
    for (String name : List.of("add", "add_bias", "scale", "soft_cap", "gather", "reorder")) {
      checks.put(name, () -> new RowKernelsTest().elementsAreAddedScaledCappedAndMoved());
    }
    checks.put(
        "quantise_q8",
        () -> {
          new QuantiseKernelTest().int8IsThatOfTheProcessor();
          new QuantiseKernelTest().whatIsNotANumberIsNotLost();
        });
    checks.put("quantise_split", () -> new QuantiseKernelTest().twoHalvesKeepTwentyTwoBits());
  }

  private void sampling() {
    checks.put(
        "sample_tokens",
        () -> {
          new SampleKernelTest().tokensAreThoseOfTheHost();
          new SampleKernelTest().ofEqualLogitsTheLowestIdWins();
          new SampleKernelTest().whatCannotBeDrawnIsSaid();
        });
    checks.put(
        "sample_verify", () -> new SampleKernelTest().draftsAreAcceptedUpToTheFirstOtherToken());
  }
}
