package io.millrace.engine.huggingface;

import static io.millrace.engine.huggingface.ToyFolder.DIM;
import static io.millrace.engine.huggingface.ToyFolder.FFN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.engine.ModelSources;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import io.millrace.engine.quant.BlockFormat;
import io.millrace.engine.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GptqMatrixTest {
  private static final String DOWN = "model.layers.0.mlp.down_proj";
  private static final int[] PROMPT = {259, 5, 17, 211, 90, 258, 4, 4, 33};

  @TempDir Path temp;
  private final Random random = new Random(5);

  /** A packed matrix of {@code [outputs][inputs]}, and the numbers that it stands for. */
  private record Packed(float[] weights, boolean ordered) {}

  /** Replaces a matrix by a packed one. */
  private Packed pack(
      ToyFolder toy, String module, int outputs, int inputs, int groupSize, Variant variant) {
    int groups = groupSize == -1 ? 1 : (inputs + groupSize - 1) / groupSize;
    int[] groupOf = new int[inputs];
    for (int i = 0; i < inputs; i++) {
      groupOf[i] = groupSize == -1 ? 0 : i / groupSize;
    }
    if (variant.actOrder) {
      List<Integer> shuffled = new ArrayList<>();
      for (int group : groupOf) {
        shuffled.add(group);
      }
      Collections.shuffle(shuffled, random);
      groupOf = shuffled.stream().mapToInt(Integer::intValue).toArray();
    }
    int[] quants = new int[inputs / 8 * outputs];
    int[] zeros = new int[groups * outputs / 8];
    short[] scales = new short[groups * outputs];
    int[] zeroOf = new int[groups * outputs];
    for (int g = 0; g < groups; g++) {
      for (int o = 0; o < outputs; o++) {
        int at = g * outputs + o;
        int stored = variant.symmetric ? 8 - variant.offset() : random.nextInt(16);
        zeros[at / 8] |= stored << (4 * (o % 8));
        zeroOf[at] = stored + variant.offset();
        scales[at] = PlainNumbers.toF16(0.01f + random.nextFloat() * 0.05f);
      }
    }
    float[] weights = new float[outputs * inputs];
    for (int i = 0; i < inputs; i++) {
      for (int o = 0; o < outputs; o++) {
        int q = random.nextInt(16);
        quants[i / 8 * outputs + o] |= q << (4 * (i % 8));
        int at = groupOf[i] * outputs + o;
        weights[o * inputs + i] = PlainNumbers.fromF16(scales[at]) * (q - zeroOf[at]);
      }
    }
    byte[] scaleBytes = new byte[2 * scales.length];
    for (int i = 0; i < scales.length; i++) {
      scaleBytes[2 * i] = (byte) scales[i];
      scaleBytes[2 * i + 1] = (byte) (scales[i] >> 8);
    }
    SafetensorsWriter out = toy.weights.remove(module + ".weight");
    out.ints(module + ".qweight", quants, inputs / 8, outputs);
    out.ints(module + ".qzeros", zeros, groups, outputs / 8);
    out.put(module + ".scales", "F16", scaleBytes, groups, outputs);
    out.ints(module + ".g_idx", groupOf, inputs);
    out.floats(module + ".bias", new float[outputs], outputs); // as AutoGPTQ writes it
    return new Packed(weights, variant.actOrder && groups > 1);
  }

  private record Variant(boolean symmetric, boolean v2, boolean actOrder) {
    int offset() {
      return v2 ? 0 : 1;
    }
  }

  private static void configure(ToyFolder toy, int groupSize, Variant variant) {
    toy.config
        .putObject("quantization_config")
        .put("quant_method", "gptq")
        .put("bits", 4)
        .put("group_size", groupSize)
        .put("sym", variant.symmetric)
        .put("desc_act", variant.actOrder)
        .put("checkpoint_format", variant.v2 ? "gptq_v2" : "gptq");
  }

  @ParameterizedTest
  @CsvSource({
    "32, true, false, false, Q4_0",
    "32, false, false, false, Q5_0",
    "64, false, true, false, Q5_0",
    "-1, false, false, false, Q5_0",
    "-1, true, true, false, Q4_0",
    "128, true, false, false, Q4_0",
    "32, true, false, true, Q4_0",
    "32, false, true, true, Q5_0",
  })
  void isExactInFourOrFiveBits(
      int groupSize, boolean symmetric, boolean v2, boolean actOrder, GgmlType type)
      throws IOException {
    Variant variant = new Variant(symmetric, v2, actOrder);
    ToyFolder toy = ToyFolder.llama();
    configure(toy, groupSize, variant);
    int inputs = groupSize == 64 ? 64 : FFN; // groups of whole blocks, the last one too
    String module = groupSize == 64 ? "model.layers.0.mlp.up_proj" : DOWN;
    int outputs = groupSize == 64 ? FFN : DIM;
    Packed packed = pack(toy, module, outputs, inputs, groupSize, variant);
    try (ModelSource source = ModelSources.open(toy.write(temp.resolve("toy")))) {
      String name = groupSize == 64 ? "blk.0.ffn_up.weight" : "blk.0.ffn_down.weight";
      TensorInfo info = source.tensor(name).orElseThrow();
      assertThat(info.type()).isEqualTo(type);
      assertThat(info.dims()).containsExactly((long) inputs, (long) outputs);
      assertThat(source.tensor(name.replace("weight", "bias"))).isEmpty();
      int[] order = source.inputOrder(info).orElse(null);
      assertThat(order != null).isEqualTo(packed.ordered);
      float[] decoded = decode(source, info);
      for (int o = 0; o < outputs; o++) {
        for (int i = 0; i < inputs; i++) {
          int input = order == null ? i : order[i];
          assertThat(decoded[o * inputs + i]).isEqualTo(packed.weights[o * inputs + input]);
        }
      }
    }
  }

  private static float[] decode(ModelSource source, TensorInfo info) throws IOException {
    BlockFormat format = BlockFormat.of(info.type()).orElseThrow();
    int columns = (int) info.columns();
    int rowBytes = (int) info.rowBytes();
    float[] decoded = new float[(int) info.elements()];
    byte[] row = new byte[rowBytes];
    byte[] quants = new byte[columns];
    float[] scales = new float[columns / format.subBlock()];
    for (int r = 0; r < info.rows(); r++) {
      source.read(info, (long) r * rowBytes, row, 0, rowBytes);
      format.decode(row, 0, columns, quants, scales, new float[scales.length]);
      for (int i = 0; i < columns; i++) {
        decoded[r * columns + i] = scales[i / format.subBlock()] * quants[i];
      }
    }
    return decoded;
  }

  /** Queries too, whose rows change places, and with inputs in another order. */
  @ParameterizedTest
  @CsvSource({"true, false", "false, true"})
  void answersAsTheNumbersItStandsFor(boolean symmetric, boolean actOrder) throws Exception {
    Variant variant = new Variant(symmetric, false, actOrder);
    ToyFolder toy = ToyFolder.llama();
    ToyFolder plain = ToyFolder.llama();
    configure(toy, 32, variant);
    String query = "model.layers.1.self_attn.q_proj";
    Packed down = pack(toy, DOWN, DIM, FFN, 32, variant);
    Packed queries = pack(toy, query, DIM, DIM, 32, variant);
    plain.weights.floats(DOWN + ".weight", down.weights, DIM, FFN);
    plain.weights.floats(query + ".weight", queries.weights, DIM, DIM);
    Path folder = toy.write(temp.resolve("gptq"));
    float[] expected = Logits.of(plain.write(temp.resolve("plain")), BackendKind.SCALAR, PROMPT);
    ToyFolder other = ToyFolder.llama();
    float[] different = Logits.of(other.write(temp.resolve("other")), BackendKind.SCALAR, PROMPT);
    assertThat(distance(expected, different)).isGreaterThan(0.1);
    for (BackendKind kind : new BackendKind[] {BackendKind.SCALAR, BackendKind.AUTO}) {
      try (Backend backend = kind.open(1)) {
        assumeTrue(backend.supports(symmetric ? GgmlType.Q4_0 : GgmlType.Q5_0));
      }
      float[] logits = Logits.of(folder, kind, PROMPT);
      // Activations are rounded to int8 before a packed matrix, and only there.
      assertThat(distance(expected, logits)).isBetween(1e-6, 0.02);
    }
  }

  private static double distance(float[] expected, float[] actual) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(expected[i] - actual[i], 2);
      size += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / size);
  }

  @Test
  void refusesPartsThatDoNotFit() throws IOException {
    Variant variant = new Variant(true, false, false);
    ToyFolder toy = packedDown(32, variant);
    toy.weights.remove(DOWN + ".scales");
    HuggingFaceFolderTest.refuses(toy.write(temp.resolve("a")), "there is no tensor " + DOWN);
    toy = packedDown(32, variant);
    toy.weights.ints(DOWN + ".g_idx", new int[FFN - 1], FFN - 1);
    HuggingFaceFolderTest.refuses(toy.write(temp.resolve("b")), "must be 96 numbers of I32");
    int[] beyond = new int[FFN];
    beyond[7] = 3;
    toy.weights.ints(DOWN + ".g_idx", beyond, FFN);
    HuggingFaceFolderTest.refuses(toy.write(temp.resolve("c")), "names the group 3 of 3");
    beyond[7] = 1;
    toy.weights.ints(DOWN + ".g_idx", beyond, FFN);
    HuggingFaceFolderTest.refuses(toy.write(temp.resolve("d")), "has a group of 95 inputs");
    toy = packedDown(32, variant);
    toy.weights.ints(DOWN + ".qzeros", new int[3 * 8 - 8], 2, 8);
    HuggingFaceFolderTest.refuses(toy.write(temp.resolve("e")), "must be [3, 8]");
    toy = packedDown(16, variant);
    HuggingFaceFolderTest.refuses(toy.write(temp.resolve("f")), "has groups of 16 inputs");
  }

  private ToyFolder packedDown(int groupSize, Variant variant) {
    ToyFolder toy = ToyFolder.llama();
    configure(toy, groupSize, variant);
    pack(toy, DOWN, DIM, FFN, groupSize, variant);
    return toy;
  }
}
