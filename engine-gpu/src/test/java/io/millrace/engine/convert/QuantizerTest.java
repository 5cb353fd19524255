package io.millrace.engine.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufValue;
import io.millrace.engine.gguf.GgufWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizerTest {
  private static final String EMBEDDINGS = "token_embd.weight";
  private static final String OUTPUT = "output.weight";
  private static final String DOWN = "blk.0.ffn_down.weight";
  private static final String NORM = "blk.0.attn_norm.weight";

  @TempDir Path folder;
  private final ExecutorService executor = Executors.newFixedThreadPool(2);
  private final List<String> notes = new ArrayList<>();

  @AfterEach
  void close() {
    executor.shutdownNow();
  }

  @Test
  void matricesGetTheTypeAndVectorsStay() throws IOException {
    Path in = model(false, GgmlType.F32);
    Path out = quantize(in, GgmlType.Q4_K, false);
    try (GgufFile file = GgufFile.open(out)) {
      assertThat(file.tensor(DOWN).orElseThrow().type()).isEqualTo(GgmlType.Q4_K);
      assertThat(file.tensor(EMBEDDINGS).orElseThrow().type()).isEqualTo(GgmlType.Q4_K);
      assertThat(file.tensor(OUTPUT).orElseThrow().type()).isEqualTo(GgmlType.Q6_K);
      assertThat(file.tensor(NORM).orElseThrow().type()).isEqualTo(GgmlType.F32);
      assertThat(file.metadata().integer("general.file_type")).hasValue(14);
      assertThat(file.metadata().integer("general.quantization_version")).hasValue(2);
      assertThat(file.metadata().integer("llama.block_count")).hasValue(1);
    }
    assertThat(notes).isEmpty();
    assertThat(RandomModelTest.elements(out, NORM)).isEqualTo(RandomModelTest.elements(in, NORM));
    float[] exact = RandomModelTest.elements(in, DOWN);
    float[] rounded = RandomModelTest.elements(out, DOWN);
    double squares = 0;
    double errors = 0;
    for (int i = 0; i < exact.length; i++) {
      squares += (double) exact[i] * exact[i];
      errors += (double) (exact[i] - rounded[i]) * (exact[i] - rounded[i]);
    }
    assertThat(Math.sqrt(errors / squares)).isBetween(0.02, 0.09);
  }

  @Test
  void theOutputMatrixIsFinerUnlessPure() throws IOException {
    Path tied = model(true, GgmlType.F32);
    assertThat(type(quantize(tied, GgmlType.Q4_0, false), EMBEDDINGS)).isEqualTo(GgmlType.Q6_K);
    assertThat(type(quantize(tied, GgmlType.Q4_0, true), EMBEDDINGS)).isEqualTo(GgmlType.Q4_0);
    assertThat(type(quantize(tied, GgmlType.Q8_0, false), EMBEDDINGS)).isEqualTo(GgmlType.Q8_0);
    Path apart = model(false, GgmlType.F32);
    Path ternary = quantize(apart, GgmlType.TQ2_0, false);
    assertThat(type(ternary, EMBEDDINGS)).isEqualTo(GgmlType.Q4_K);
    assertThat(type(ternary, OUTPUT)).isEqualTo(GgmlType.Q6_K);
  }

  @Test
  void toFloat32AndBackIsTheSameFile() throws IOException {
    Path first = quantize(model(false, GgmlType.F16), GgmlType.Q8_0, true);
    Path wide = quantize(first, GgmlType.F32, true);
    assertThat(notes)
        .containsExactly("the weights are quantised already: to round them again loses more");
    Path again = quantize(wide, GgmlType.Q8_0, true);
    assertThat(Files.mismatch(first, again)).isEqualTo(-1);
    Path copy = quantize(first, GgmlType.Q8_0, true);
    assertThat(Files.mismatch(first, copy)).isEqualTo(-1);
  }

  @Test
  void whatBelongsToOneOfSeveralFilesIsLeftOut() throws IOException {
    GgufWriter writer = new GgufWriter();
    writer.put("split.count", GgufValue.ofUint32(2));
    writer.put("general.architecture", GgufValue.ofString("llama"));
    vector(writer, NORM, 1f, 2f);
    Path in = folder.resolve("part.gguf");
    writer.write(in);
    try (GgufFile file = GgufFile.open(quantize(in, GgmlType.Q8_0, false))) {
      assertThat(file.metadata().contains("split.count")).isFalse();
    }
  }

  @Test
  void brokenWeightsAreRefusedAndNothingIsLeftBehind() throws IOException {
    GgufWriter writer = new GgufWriter();
    vector(writer, NORM, 1f, Float.NaN);
    ByteBuffer data = ByteBuffer.allocate(2 * 32 * 4).order(ByteOrder.LITTLE_ENDIAN);
    data.putFloat(4 * 40, Float.POSITIVE_INFINITY);
    writer.tensor(DOWN, GgmlType.F32, new long[] {32, 2}, out -> out.write(data.array()));
    Path in = folder.resolve("broken.gguf");
    writer.write(in);
    Path out = folder.resolve("out.gguf");
    Files.writeString(out, "what was there");
    assertThatThrownBy(
            () -> {
              try (GgufFile file = GgufFile.open(in)) {
                new Quantizer(GgmlType.Q8_0, false).write(file, out, executor, notes::add);
              }
            })
        .isInstanceOf(GgufFormatException.class)
        .hasMessage(in + ": tensor '" + DOWN + "' holds Infinity in row 1");
    assertThat(out).hasContent("what was there");
    assertThat(folder.resolve("out.gguf.part")).doesNotExist();
  }

  @Test
  void matricesThatNobodyCanReadAreRefused() throws IOException {
    GgufWriter writer = new GgufWriter();
    writer.tensor(DOWN, GgmlType.IQ1_S, new long[] {256, 2}, out -> out.write(new byte[100]));
    Path in = folder.resolve("iq.gguf");
    writer.write(in);
    assertThatThrownBy(() -> quantize(in, GgmlType.Q8_0, false))
        .hasMessage(in + ": tensor '" + DOWN + "' is IQ1_S, which cannot be read");
  }

  @Test
  void typesWithoutAnEncoderAreRefused() {
    assertThatThrownBy(() -> new Quantizer(GgmlType.IQ4_XS, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("IQ4_XS")
        .hasMessageContaining("Q4_K");
  }

  private Path model(boolean tied, GgmlType type) throws IOException {
    Path path = folder.resolve("in-" + tied + type + ".gguf");
    ModelShape shape = new ModelShape(256, 1, 4, 2, 64, 512, 300, 64, tied);
    new RandomModel("llama", shape, type, 2).write(path, executor, notes::add);
    return path;
  }

  private Path quantize(Path in, GgmlType type, boolean pure) throws IOException {
    Path out = Files.createTempFile(folder, "out", ".gguf");
    try (GgufFile file = GgufFile.open(in)) {
      new Quantizer(type, pure).write(file, out, executor, notes::add);
    }
    return out;
  }

  private static GgmlType type(Path path, String tensor) throws IOException {
    try (GgufFile file = GgufFile.open(path)) {
      return file.tensor(tensor).orElseThrow().type();
    }
  }

  private static void vector(GgufWriter writer, String name, float... elements) {
    ByteBuffer data = ByteBuffer.allocate(4 * elements.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float element : elements) {
      data.putFloat(element);
    }
    writer.tensor(name, GgmlType.F32, new long[] {elements.length}, out -> out.write(data.array()));
  }
}
