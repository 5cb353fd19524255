package io.millrace.engine.sampling.grammar;

/** Short excerpts for error messages. */
final class JsonText {
  private static final int LENGTH_MAX = 64;

  private JsonText() {}

  /** In quotation marks, on one line, cut where it is long. */
  static String quoted(String text) {
    String cut = text.length() > LENGTH_MAX ? text.substring(0, LENGTH_MAX) + "..." : text;
    return '"' + cut.replaceAll("\\p{Cntrl}", " ") + '"';
  }
}
