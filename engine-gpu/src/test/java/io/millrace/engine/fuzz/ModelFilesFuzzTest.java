package io.millrace.engine.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.engine.ModelFile;
import io.millrace.engine.ModelSources;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import io.millrace.engine.huggingface.ToyFolder;
import io.millrace.engine.safetensors.SafetensorsFile;
import io.millrace.engine.safetensors.SafetensorsTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Model files of every format. Each folder of inputs is named after its method. */
class ModelFilesFuzzTest {
  private static final String MAX = "10m";

  /** Tensors' data are read up to this size. */
  private static final int READ_BYTES_MAX = 1 << 20;

  @TempDir static Path temp;
  private static Path folder;

  @BeforeAll
  static void write() throws IOException {
    folder = ToyFolder.llama().write(temp.resolve("folder"));
  }

  /** Whatever a target left there is put right for the next. */
  @AfterAll
  static void delete() throws IOException {
    Files.deleteIfExists(temp.resolve("fuzz.gguf"));
  }

  @FuzzTest(maxDuration = MAX)
  void gguf(byte[] bytes) throws IOException {
    Path file = Files.write(temp.resolve("fuzz.gguf"), bytes);
    open(file);
  }

  @FuzzTest(maxDuration = MAX)
  void safetensors(byte[] bytes) throws IOException {
    Path path = Files.write(temp.resolve("fuzz.safetensors"), bytes);
    Bounded.read(
        () -> {
          try (SafetensorsFile file = SafetensorsFile.open(path)) {
            for (SafetensorsTensor tensor : file.tensors()) {
              int length = (int) Math.min(READ_BYTES_MAX, tensor.bytes());
              file.read(tensor, 0, new byte[length], 0, length);
            }
          }
        });
  }

  @FuzzTest(maxDuration = MAX)
  void config(byte[] bytes) throws IOException {
    openWith("config.json", bytes);
  }

  @FuzzTest(maxDuration = MAX)
  void tokenizerJson(byte[] bytes) throws IOException {
    openWith("tokenizer.json", bytes);
  }

  @FuzzTest(maxDuration = MAX)
  void tokenizerConfig(byte[] bytes) throws IOException {
    openWith("tokenizer_config.json", bytes);
  }

  @FuzzTest(maxDuration = MAX)
  void index(byte[] bytes) throws IOException {
    try {
      openWith("model.safetensors.index.json", bytes);
    } finally {
      Files.delete(folder.resolve("model.safetensors.index.json"));
    }
  }

  /** Opens the folder with one file replaced, and puts the file back. */
  private static void openWith(String name, byte[] bytes) throws IOException {
    Path path = folder.resolve(name);
    byte[] before = Files.exists(path) ? Files.readAllBytes(path) : new byte[0];
    Files.write(path, bytes);
    try {
      open(folder);
    } finally {
      Files.write(path, before);
    }
  }

  private static void open(Path path) {
    Bounded.read(
        () -> {
          try (ModelFile file = ModelFile.open(path)) {
            file.tokenizer().encode("Hello, 123 <s> wörld", true);
          }
        });
    Bounded.read(
        () -> {
          try (ModelSource source = ModelSources.open(path)) {
            for (TensorInfo tensor : source.tensors()) {
              int length = (int) Math.min(READ_BYTES_MAX, tensor.bytes());
              source.read(tensor, 0, new byte[length], 0, length);
            }
          }
        });
  }
}
