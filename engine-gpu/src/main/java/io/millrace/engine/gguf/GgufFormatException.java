package io.millrace.engine.gguf;

import java.io.IOException;

/** A model file that is not what it should be. The message is one line that says where and why. */
public final class GgufFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Longest excerpt of a file's own text in a message, characters. */
  private static final int EXCERPT_CHARS_MAX = 80;

  public GgufFormatException(String message) {
    super(message);
  }

  /** An error at a place in a file. */
  static GgufFormatException at(String file, long offset, String problem) {
    return new GgufFormatException(file + ": at byte " + offset + ": " + problem);
  }

  /** Text from a file, fit for a one-line message: quoted, cut, control characters replaced. */
  public static String quote(String text) {
    StringBuilder quoted = new StringBuilder("'");
    int end = Math.min(text.length(), EXCERPT_CHARS_MAX);
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      boolean unfit =
          Character.isISOControl(c) || Character.isSurrogate(c) || c == '\u2028' || c == '\u2029';
      quoted.append(unfit ? '?' : c);
    }
    return quoted.append(end < text.length() ? "...'" : "'").toString();
  }
}
