package io.millrace.jobs.admit;

/** A prompt that cannot be answered. The message is one line, for the prompt's sender. */
public final class RejectedPromptException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String code;
  private final boolean retryable;

  private RejectedPromptException(String code, String message, boolean retryable) {
    super(message);
    this.code = code;
    this.retryable = retryable;
  }

  /** A prompt that will never be answered as it is. */
  public static RejectedPromptException terminal(String code, String message) {
    return new RejectedPromptException(code, message, false);
  }

  /** A prompt that could be answered later. */
  public static RejectedPromptException retryable(String code, String message) {
    return new RejectedPromptException(code, message, true);
  }

  /** A request that breaks the rules of its format. */
  static RejectedPromptException invalid(String message) {
    return terminal("invalid_request", message);
  }

  /** Short and machine-readable, such as {@code invalid_json}. */
  public String code() {
    return code;
  }

  public boolean retryable() {
    return retryable;
  }
}
