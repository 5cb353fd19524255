package io.millrace.engine.huggingface;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.ModelSources;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import io.millrace.engine.quant.BlockFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TernaryMatrixTest {
  private static final int ROWS = 8;
  private static final int COLUMNS = 512;
  private static final String UP = "model.layers.0.mlp.up_proj.weight";

  @TempDir Path temp;
  private final int[] ternary = new Random(3).ints(ROWS * COLUMNS, -1, 2).toArray();

  /** Four quarters of the rows share bytes; the class that loads them says what the scale is. */
  @ParameterizedTest
  @CsvSource({"autobitlinear, 0.25", "bitlinear, 4"})
  void unpacksFourRowsFromAByte(String linearClass, float scale) throws IOException {
    ToyFolder toy = toy();
    byte[] packed = new byte[ROWS / 4 * COLUMNS];
    for (int i = 0; i < ternary.length; i++) {
      packed[i % packed.length] |= (byte) ((ternary[i] + 1) << (2 * (i / packed.length)));
    }
    toy.weights.put(UP, "U8", packed, ROWS / 4, COLUMNS);
    toy.weights.put(UP + "_scale", "BF16", new byte[] {(byte) 0x80, 0x3E}, 1); // 0.25
    toy.config
        .putObject("quantization_config")
        .put("quant_method", "bitnet")
        .put("linear_class", linearClass);
    expectTernary(toy, scale);
  }

  @Test
  void roundsTrainingWeightsAsTheModelDoesWhenItRuns() throws IOException {
    ToyFolder toy = toy();
    float[] weights = new float[ternary.length];
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = ternary[i] * (i % 2 == 0 ? 0.9f : 1.7f) + 0.01f * (i % 3 - 1);
      sum += Math.abs(weights[i]);
    }
    toy.weights.floats(UP, weights, ROWS, COLUMNS);
    expectTernary(toy, (float) (sum / weights.length));
  }

  private static ToyFolder toy() {
    ToyFolder toy = new ToyFolder("BitNetForCausalLM");
    toy.config.put("hidden_act", "relu2");
    toy.matrix("model.embed_tokens.weight", ToyFolder.VOCAB, COLUMNS);
    return toy;
  }

  private void expectTernary(ToyFolder toy, float scale) throws IOException {
    try (ModelSource source = ModelSources.open(toy.write(temp.resolve("toy")))) {
      assertThat(source.metadata().requireString("bitnet.hidden_activation")).isEqualTo("relu2");
      TensorInfo info = source.tensor("blk.0.ffn_up.weight").orElseThrow();
      assertThat(info.type()).isEqualTo(GgmlType.TQ2_0);
      assertThat(info.dims()).containsExactly((long) COLUMNS, (long) ROWS);
      BlockFormat format = BlockFormat.of(GgmlType.TQ2_0).orElseThrow();
      byte[] data = new byte[(int) info.bytes()];
      source.read(info, 0, data, 0, data.length);
      byte[] quants = new byte[ternary.length];
      float[] scales = new float[ternary.length / format.subBlock()];
      format.decode(data, 0, ternary.length, quants, scales, new float[scales.length]);
      for (int i = 0; i < ternary.length; i++) {
        assertThat(quants[i] * scales[i / format.subBlock()]).isEqualTo(ternary[i]);
      }
      byte[] bytes = new byte[4];
      source.read(source.tensor("blk.0.ffn_up.scale").orElseThrow(), 0, bytes, 0, 4);
      assertThat(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getFloat()).isEqualTo(scale);
    }
  }

  @Test
  void refusesWhatIsNotTernary() throws IOException {
    ToyFolder toy = toy();
    toy.weights.put(UP, "U8", new byte[COLUMNS], 1, COLUMNS);
    HuggingFaceFolderTest.refuses(
        toy.write(temp.resolve("a")), "is packed, but has no weight_scale of one number");
    toy = toy();
    toy.matrix(UP, 4, 96);
    HuggingFaceFolderTest.refuses(toy.write(temp.resolve("b")), "need whole blocks of 256");
  }
}
