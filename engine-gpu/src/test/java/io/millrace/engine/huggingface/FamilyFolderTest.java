package io.millrace.engine.huggingface;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.gguf.GgmlType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Folders of all families from their files to logits. The expected ones are PyTorch's, in float64
 * (src/test/peer/README.md says how they are made).
 */
class FamilyFolderTest {
  /** Millrace adds up in float32. */
  private static final double DIFFERENCE_MAX = 1e-4;

  @TempDir Path temp;

  @ParameterizedTest
  @EnumSource
  void answersAsTheReference(FamilyFolder family) throws IOException {
    Path folder = family.toy().write(temp.resolve("folder"));
    float[] expected = expected(family);
    for (BackendKind backend : new BackendKind[] {BackendKind.SCALAR, BackendKind.AUTO}) {
      float[] logits = Logits.of(folder, backend, FamilyFolder.TOKENS);
      double most = 0;
      for (int r = 0; r < FamilyFolder.ROWS.length; r++) {
        for (int id = 0; id < ToyFolder.VOCAB; id++) {
          float actual = logits[FamilyFolder.ROWS[r] * ToyFolder.VOCAB + id];
          most = Math.max(most, Math.abs(actual - expected[r * ToyFolder.VOCAB + id]));
        }
      }
      assertThat(most).as("largest difference on %s", backend).isLessThan(DIFFERENCE_MAX);
    }
  }

  @ParameterizedTest
  @EnumSource
  void answersAsTheSameWeightsInGguf(FamilyFolder family) throws IOException {
    ToyFolder toy = family.toy();
    Path folder = toy.write(temp.resolve("folder"));
    Path twin = GgufTwin.write(folder, toy.weights, GgmlType.F32, temp.resolve("twin.gguf"));
    for (BackendKind backend : new BackendKind[] {BackendKind.SCALAR, BackendKind.AUTO}) {
      assertThat(Logits.of(folder, backend, FamilyFolder.TOKENS))
          .isEqualTo(Logits.of(twin, backend, FamilyFolder.TOKENS));
    }
  }

  /** {@code [rows][vocabulary]}. */
  private static float[] expected(FamilyFolder family) throws IOException {
    String name = "/huggingface/" + family + ".f32";
    try (InputStream in = FamilyFolderTest.class.getResourceAsStream(name)) {
      assertThat(in).as(name).isNotNull();
      float[] logits = new float[FamilyFolder.ROWS.length * ToyFolder.VOCAB];
      FloatBuffer floats =
          ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
      assertThat(floats.remaining()).isEqualTo(logits.length);
      floats.get(logits);
      return logits;
    }
  }
}
