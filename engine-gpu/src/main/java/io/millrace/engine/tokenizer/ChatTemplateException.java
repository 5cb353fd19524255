package io.millrace.engine.tokenizer;

/**
 * A conversation that a chat template cannot or will not render, or a template that is broken. The
 * message is one line, fit for the request's sender.
 */
public final class ChatTemplateException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Longest message, characters: templates write their own. */
  private static final int MESSAGE_CHARS_MAX = 300;

  public ChatTemplateException(String message) {
    super(oneLine(message));
  }

  private static String oneLine(String message) {
    String line = message.strip().replaceAll("\\p{Cntrl}+", " ");
    return line.length() <= MESSAGE_CHARS_MAX ? line : line.substring(0, MESSAGE_CHARS_MAX) + "...";
  }
}
