package io.millrace.jobs.cli.lines;

/**
 * A line of a JSON Lines file.
 *
 * @param number from 1
 * @param bytes as they are in the file, without the line's end; null for a line that is too long to
 *     be kept
 * @param length bytes in the file
 */
public record InputLine(long number, byte[] bytes, long length) {

  /** Whether there is nothing but white space. */
  public boolean blank() {
    if (bytes == null) {
      return false;
    }
    for (byte b : bytes) {
      if (b != ' ' && b != '\t') {
        return false;
      }
    }
    return true;
  }
}
