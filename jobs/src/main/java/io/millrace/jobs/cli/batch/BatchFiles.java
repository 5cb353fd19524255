package io.millrace.jobs.cli.batch;

import io.millrace.jobs.cli.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The files of a batch, as absolute paths.
 *
 * @param input the lines
 * @param output gets the answers
 * @param errors gets what has no answer
 * @param folder keeps the work until the results are written
 */
public record BatchFiles(Path input, Path output, Path errors, Path folder) {
  private static final String FOLDER_SUFFIX = ".millrace";

  /**
   * Checks what can be checked before any work.
   *
   * @param errors null for one beside the output
   * @param folder null for one beside the output
   * @throws CommandFailure naming the file that is wrong
   */
  public static BatchFiles of(Path input, Path output, Path errors, Path folder) {
    Path out = absolute(output);
    Path err = errors == null ? out.resolveSibling(defaultErrorsName(out)) : absolute(errors);
    Path work = folder == null ? out.resolveSibling(out.getFileName() + FOLDER_SUFFIX) : folder;
    BatchFiles files = new BatchFiles(absolute(input), out, err, absolute(work));
    files.check();
    return files;
  }

  private void check() {
    if (!Files.exists(input)) {
      throw CommandFailure.wrongUse("--input " + input + " does not exist");
    }
    if (!Files.isRegularFile(input) || !Files.isReadable(input)) {
      throw CommandFailure.wrongUse("--input " + input + " is no file that can be read");
    }
    if (same(input, output) || same(input, errors) || same(output, errors)) {
      throw CommandFailure.wrongUse("--input, --output and --errors must be three files");
    }
    for (Path file : new Path[] {output, errors}) {
      Path directory = file.getParent();
      if (directory == null || !Files.isDirectory(directory)) {
        throw CommandFailure.wrongUse("there is no folder " + directory + " for " + file);
      }
      if (!Files.isWritable(directory)) {
        throw CommandFailure.failed("folder " + directory + " cannot be written");
      }
      if (Files.isDirectory(file)) {
        throw CommandFailure.wrongUse(file + " is a folder");
      }
    }
  }

  private static boolean same(Path a, Path b) {
    try {
      return a.equals(b) || (Files.exists(a) && Files.exists(b) && Files.isSameFile(a, b));
    } catch (IOException e) {
      return false;
    }
  }

  private static String defaultErrorsName(Path output) {
    String name = output.getFileName().toString();
    String stem = name.endsWith(".jsonl") ? name.substring(0, name.length() - 6) : name;
    return stem + ".errors.jsonl";
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }
}
