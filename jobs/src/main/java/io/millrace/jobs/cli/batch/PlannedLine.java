package io.millrace.jobs.cli.batch;

import io.millrace.jobs.cli.lines.InputLine;
import io.millrace.jobs.cli.lines.LineError;

/**
 * What becomes of a line: it is produced, or refused by what only the file can tell.
 *
 * @param line the line
 * @param customId its custom_id, or null
 * @param sequence its place among the lines that are produced, from 0; -1 for a refused line
 * @param refusal why it is not produced; null for a line that is
 */
record PlannedLine(InputLine line, String customId, long sequence, LineError refusal) {

  boolean refused() {
    return refusal != null;
  }
}
