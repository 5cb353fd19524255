package io.millrace.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.ModelSources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SplitGgufFileTest {
  @TempDir Path folder;

  private static GgufWriter part(int number, int count, int tensors) {
    return new GgufWriter()
        .put("split.no", new GgufValue(GgufValueType.UINT16, null, (long) number))
        .put("split.count", new GgufValue(GgufValueType.UINT16, null, (long) count))
        .put("split.tensors.count", new GgufValue(GgufValueType.INT32, null, (long) tensors));
  }

  private static void tensor(GgufWriter writer, String name, int value) {
    byte[] data = {(byte) value, 0, 0, 0};
    writer.tensor(name, GgmlType.F32, new long[] {1}, out -> out.write(data));
  }

  private Path name(int number) {
    return folder.resolve("m-0000" + number + "-of-00003.gguf");
  }

  private Path write() throws IOException {
    for (int i = 0; i < 3; i++) {
      GgufWriter writer = part(i, 3, 4);
      if (i == 0) {
        writer.put("general.architecture", GgufValue.ofString("llama"));
        tensor(writer, "zero", 9);
      }
      tensor(writer, "tensor" + i, 10 + i);
      writer.write(name(i + 1));
    }
    return name(1);
  }

  @Test
  void isReadAsOneFile() throws IOException {
    try (ModelSource source = ModelSources.open(write())) {
      assertThat(source.metadata().requireString("general.architecture")).isEqualTo("llama");
      assertThat(source.tensors())
          .extracting(TensorInfo::name)
          .containsExactly("zero", "tensor0", "tensor1", "tensor2");
      byte[] data = new byte[4];
      source.read(source.tensor("tensor2").orElseThrow(), 0, data, 0, 4);
      assertThat(data[0]).isEqualTo((byte) 12);
      assertThat(source.bytes())
          .isEqualTo(Files.size(name(1)) + Files.size(name(2)) + Files.size(name(3)));
      assertThat(source.format()).isEqualTo("GGUF v3 in 3 parts");
      String digest = source.sha256();
      GgufWriter other = part(2, 3, 4);
      tensor(other, "tensor2", 99);
      other.write(name(3));
      try (ModelSource changed = ModelSources.open(name(1))) {
        assertThat(changed.sha256()).hasSize(64).isNotEqualTo(digest);
      }
    }
  }

  @Test
  void refusesPartsThatAreNotOneModel() throws IOException {
    write();
    refuses(name(2), "this is part 2 of 3; give the first");
    Path renamed = Files.copy(name(1), folder.resolve("first.gguf"));
    refuses(renamed, "the first of 3 parts must be called NAME-00001-of-00003.gguf");
    Files.delete(name(3));
    refuses(name(1), "part 3 of 3 is missing: " + name(3));
    Files.copy(name(2), name(3));
    refuses(name(1), "it says that it is part 2 of 3, its name says 3 of 3");
    part(2, 3, 4).write(name(3));
    refuses(name(1), "hold 3 tensors together, but split.tensors.count is 4");
    GgufWriter again = part(2, 3, 4);
    tensor(again, "zero", 1);
    again.write(name(3));
    refuses(name(1), "the tensor 'zero' is in an earlier part too");
    Files.writeString(name(3), "cut");
    refuses(name(1), "not a GGUF file");
  }

  private static void refuses(Path path, String problem) {
    assertThatThrownBy(() -> ModelSources.open(path).close())
        .isInstanceOf(GgufFormatException.class)
        .hasMessageContaining(problem);
  }
}
