package io.millrace.engine.sampling.grammar;

/**
 * A grammar that cannot be used: it is malformed, asks for something that is not supported, exceeds
 * a limit, or nothing satisfies it. The message is one line, fit for the request's sender: names
 * and patterns that it repeats may hold anything.
 */
public final class GrammarException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  GrammarException(String message) {
    super(oneLine(message));
  }

  private static String oneLine(String message) {
    StringBuilder line = new StringBuilder(message);
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      boolean high = i + 1 < line.length() && Character.isSurrogatePair(c, line.charAt(i + 1));
      if (high) {
        i++;
      } else if (Character.isISOControl(c)
          || Character.isSurrogate(c)
          || c == '\u2028'
          || c == '\u2029') {
        line.setCharAt(i, ' ');
      }
    }
    return line.toString();
  }
}
