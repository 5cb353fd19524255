package io.millrace.engine.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.gguf.GgufFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {
  @TempDir Path folder;

  private static SafetensorsWriter sample() {
    return new SafetensorsWriter()
        .floats("a", new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
        .ints("b", new int[] {7}, 1)
        .floats("empty", new float[0], 0, 4)
        .floats("number", new float[] {8});
  }

  @Test
  void readsWhatWasWritten() throws IOException {
    Path path = sample().write(folder.resolve("model.safetensors"));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.tensors())
          .extracting(SafetensorsTensor::name)
          .containsExactly("a", "b", "empty", "number");
      SafetensorsTensor a = file.tensors().get(0);
      assertThat(a.type()).isEqualTo(SafetensorsType.F32);
      assertThat(a.shape()).containsExactly(2L, 3L);
      assertThat(a.bytes()).isEqualTo(24);
      assertThat(a.elements()).isEqualTo(6);
      byte[] second = new byte[5];
      file.read(a, 4, second, 1, 4);
      assertThat(second).containsExactly(0, 0, 0, 0, 0x40); // 2.0f
      assertThatThrownBy(() -> file.read(a, 21, second, 0, 4))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThat(file.tensors().get(3).shape()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"F32\" | \"F33\" | unknown dtype 'F33'",
        "\"F32\" | 7 | unknown dtype",
        "[2,3] | [2,4] | 32 bytes, but its data are 24",
        "[2,3] | [4611686018427387904,4] | larger than the file",
        "[2,3] | [18446744073709551616,3] | not of whole numbers",
        "[2,3] | [-2,-3] | not of whole numbers",
        "[2,3] | [1.5,4] | not of whole numbers",
        "[2,3] | [1,1,1,1,1,1,1,2,3] | a shape of more than 8",
        "[2,3] | 6 | a shape that is no array",
        "[0,24] | [24,0] | are bytes 24 to 0",
        "[0,24] | [0,25] | but its data are 25 bytes",
        "[0,24] | [0,24000] | is it whole?",
        "[0,24] | [8,32] | start at byte",
        "[24,28] | [20,24] | start at byte",
        "\"b\" | \"a\" | not JSON",
        "\"shape\" | \"form\" | unknown field 'form'",
        "\"b\":{ | \"b\":[{ | not described by an object",
        "\"format\":\"pt\"} | \"format\":\"pt\" | not JSON",
        "{\"__meta | [{\"__meta | not a JSON object",
      })
  void refusesAHeaderThatIsNotTheFiles(String part, String replacement, String problem)
      throws IOException {
    SafetensorsWriter writer = sample();
    String header = writer.header();
    assertThat(header).contains(part);
    refuses(writer.bytes(header.replace(part, replacement)), problem);
  }

  @Test
  void refusesWhatIsCutOrHasMore() throws IOException {
    byte[] whole = sample().bytes();
    for (int length = 0; length < whole.length; length++) {
      refuses(Arrays.copyOf(whole, length), "");
    }
    refuses(Arrays.copyOf(whole, whole.length + 1), "data end at byte");
    byte[] length = whole.clone();
    length[7] = (byte) 0xFF;
    refuses(length, "a header of 18374686479671623");
    assertThatThrownBy(() -> SafetensorsFile.open(folder))
        .isInstanceOf(GgufFormatException.class)
        .hasMessageContaining("not a file");
  }

  @Test
  void refusesTheSameNameTwice() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().floats("a", new float[1], 1);
    String header =
        writer
            .header()
            .replace(
                "[0,4]}}",
                "[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[0]," + "\"data_offsets\":[4,4]}}");
    refuses(writer.bytes(header), "not JSON: 'Duplicate field 'a''");
  }

  @Test
  void refusesDeepNestingAndEndlessNames() throws IOException {
    refuses(new SafetensorsWriter().bytes("{\"__metadata__\":" + "[".repeat(100_000)), "not JSON");
    refuses(new SafetensorsWriter().bytes("{\"" + "x".repeat(100_000) + "\":1}"), "not JSON");
    refuses(new SafetensorsWriter().bytes("{}  {}"), "goes on after");
  }

  private void refuses(byte[] bytes, String problem) throws IOException {
    Path path = Files.write(folder.resolve("broken.safetensors"), bytes);
    assertThatThrownBy(() -> SafetensorsFile.open(path).close())
        .as(Arrays.toString(List.of(bytes.length, problem).toArray()))
        .isInstanceOf(GgufFormatException.class)
        .hasMessageStartingWith(path + ": ")
        .hasMessageContaining(problem)
        .extracting(Throwable::getMessage)
        .asString()
        .doesNotContain("\n");
  }
}
