package io.millrace.engine;

import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.SplitGgufFile;
import io.millrace.engine.huggingface.HuggingFaceFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;

/** Opens models by their path, whatever they are made of. */
public final class ModelSources {
  private ModelSources() {}

  /**
   * Opens a GGUF file, the first of several that make up one model, or a folder as Hugging Face
   * publishes them. Headers are read and checked; tensors' data are not read.
   *
   * @throws IOException with one line that names the file and what is wrong with it
   */
  public static ModelSource open(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      return HuggingFaceFolder.open(path);
    }
    GgufFile file = GgufFile.open(path);
    try {
      return SplitGgufFile.isPart(file) ? SplitGgufFile.of(file) : file;
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /** When the newest of a model's files was changed, for those who keep models in memory. */
  static FileTime modified(Path path) throws IOException {
    FileTime newest = Files.getLastModifiedTime(path);
    if (Files.isDirectory(path)) {
      List<Path> files;
      try (Stream<Path> entries = Files.list(path)) {
        files = entries.filter(Files::isRegularFile).toList();
      }
      for (Path file : files) {
        FileTime time = Files.getLastModifiedTime(file);
        newest = time.compareTo(newest) > 0 ? time : newest;
      }
    }
    return newest;
  }
}
