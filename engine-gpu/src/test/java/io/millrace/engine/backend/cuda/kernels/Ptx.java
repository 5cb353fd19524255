package io.millrace.engine.backend.cuda.kernels;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The committed PTX and the sources it comes from. */
final class Ptx {
  private static final Path HOME = Path.of(System.getProperty("millrace.home", "..")).normalize();
  static final Path SOURCES = HOME.resolve("engine-gpu/src/main/cuda");
  static final Path RESOURCES = HOME.resolve("engine-gpu/src/main/resources/cuda");

  private Ptx() {}

  /** All committed PTX files, by name. */
  static List<Path> files() {
    return list(RESOURCES.resolve("sm80"), ".ptx");
  }

  /** Files of a folder by name, those that end so. */
  static List<Path> list(Path folder, String end) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(end)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
