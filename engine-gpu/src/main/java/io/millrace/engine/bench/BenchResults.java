package io.millrace.engine.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A file of rows, a line of JSON each: what is there stays there, should the run be cut off. */
final class BenchResults {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private final Path path;
  private final PrintWriter out;

  /**
   * @param path is added to
   * @param out where rows are shown, too
   */
  BenchResults(Path path, PrintWriter out) {
    this.path = path;
    this.out = out;
  }

  /** Adds a row and shows it. */
  void add(BenchRow row) throws IOException {
    Files.writeString(
        path,
        MAPPER.writeValueAsString(row) + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    out.printf(
        Locale.ROOT,
        "%-10s %-24s batch %4d: %12.1f %s, limit %.1f, %.0f %%; %s%n",
        row.model(),
        row.measure(),
        row.batch(),
        row.value(),
        row.unit(),
        row.limit(),
        100 * row.share(),
        row.note());
    out.flush();
  }

  /**
   * All rows of a file.
   *
   * @throws IOException with one line that names the file, if it is none of rows
   */
  static List<BenchRow> read(Path path) throws IOException {
    List<BenchRow> rows = new ArrayList<>();
    for (String line : Files.readAllLines(path)) {
      try {
        rows.add(MAPPER.readValue(line, BenchRow.class));
      } catch (IOException e) {
        throw new IOException(path + ": line " + (rows.size() + 1) + " is no result", e);
      }
    }
    return rows;
  }
}
