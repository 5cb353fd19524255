package io.millrace.engine.sampling.grammar;

/** Short excerpts for error messages. */
final class JsonText {
  private static final int LENGTH_MAX = 64;

  private JsonText() {}

  /** In quotation marks, cut where it is long. {@link GrammarException} replaces line ends. */
  static String quoted(String text) {
    String cut = text.length() > LENGTH_MAX ? text.substring(0, LENGTH_MAX) + "..." : text;
    return '"' + cut + '"';
  }
}
