package io.millrace.jobs.cli.batch;

import io.millrace.jobs.cli.lines.InputLine;
import io.millrace.jobs.cli.lines.InputLines;
import io.millrace.jobs.cli.lines.LineError;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Goes through a batch file and decides for each line whether it is produced. Two passes over the
 * same file decide the same: that is what leads from an answer back to its line.
 */
final class BatchPlan implements Closeable {
  private final InputLines lines;
  private final int lineBytesMax;
  private final CustomIds customIds = new CustomIds();
  private long produced;

  BatchPlan(Path input, int lineBytesMax) throws IOException {
    this.lines = InputLines.of(input, lineBytesMax);
    this.lineBytesMax = lineBytesMax;
  }

  /** The next line that is not blank, or null at the end. */
  PlannedLine next() throws IOException {
    for (InputLine line = lines.next(); line != null; line = lines.next()) {
      if (!line.blank()) {
        return plan(line);
      }
    }
    return null;
  }

  private PlannedLine plan(InputLine line) {
    if (line.bytes() == null) {
      return new PlannedLine(
          line,
          null,
          -1,
          new LineError(
              "too_large",
              "the line has " + line.length() + " bytes, at most " + lineBytesMax + " are taken"));
    }
    String customId = customIds.read(line.bytes());
    long first = customId == null ? 0 : customIds.use(customId, line.number());
    if (first > 0) {
      return new PlannedLine(
          line,
          customId,
          -1,
          new LineError("duplicate_custom_id", "its custom_id was used before, in line " + first));
    }
    return new PlannedLine(line, customId, produced++, null);
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
