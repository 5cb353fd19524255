package io.millrace.jobs.cli.model;

import io.millrace.engine.ModelSources;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.jobs.cli.CommandFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Opens what the commands read; what goes wrong is one line that names the file. */
final class ModelFiles {
  /** Reads or opens something. */
  @FunctionalInterface
  interface Opening<T> {
    T open() throws IOException;
  }

  private static final int THREADS_MAX = 256;

  private ModelFiles() {}

  /** A model without its weights: a GGUF file, split ones, or a Hugging Face folder. */
  static ModelSource source(Path path) {
    return open(path, () -> ModelSources.open(path));
  }

  /** A file's text; bytes that are no UTF-8 read as U+FFFD. */
  static String text(Path path) {
    return new String(bytes(path), StandardCharsets.UTF_8);
  }

  /** A file's content. */
  static byte[] bytes(Path path) {
    return open(path, () -> Files.readAllBytes(path));
  }

  /** Threads to compute with: those asked for, or one a processor. */
  static int threads(int wanted) {
    if (wanted < 0 || wanted > THREADS_MAX) {
      throw CommandFailure.wrongUse("--threads is " + wanted + ", must be 1 to " + THREADS_MAX);
    }
    return wanted > 0 ? wanted : Runtime.getRuntime().availableProcessors();
  }

  /** One line for a file that could not be written. */
  static CommandFailure unwritable(Path path, IOException e) {
    String why =
        e instanceof NoSuchFileException
            ? "there is no such folder"
            : e instanceof AccessDeniedException ? "access denied" : e.getMessage();
    return CommandFailure.failed("cannot write " + path + ": " + why, e);
  }

  static <T> T open(Path path, Opening<T> opening) {
    try {
      return opening.open();
    } catch (NoSuchFileException e) {
      throw CommandFailure.failed("no such file: " + path, e);
    } catch (AccessDeniedException e) {
      throw CommandFailure.failed("cannot read " + path, e);
    } catch (IOException e) {
      throw CommandFailure.failed(
          e.getMessage() == null ? "cannot read " + path : e.getMessage(), e);
    }
  }
}
