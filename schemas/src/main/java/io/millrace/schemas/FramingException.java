package io.millrace.schemas;

/**
 * A record that cannot be read. The message is one line and holds none of the record's content, so
 * that it may stand in a dead letter's headers and in a log.
 */
public final class FramingException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean retryable;

  private FramingException(String message, boolean retryable, Throwable cause) {
    super(message, cause);
    this.retryable = retryable;
  }

  /** The same bytes will never be readable. */
  static FramingException terminal(String message) {
    return new FramingException(message, false, null);
  }

  /** The same bytes will never be readable. */
  static FramingException terminal(String message, Throwable cause) {
    return new FramingException(message, false, cause);
  }

  /**
   * The same bytes may be readable later: what is missing is a schema that could not be asked for.
   */
  static FramingException retryable(String message, Throwable cause) {
    return new FramingException(message, true, cause);
  }

  /**
   * Whether the same bytes may be readable later (the schema registry did not answer), as opposed
   * to never (truncated, malformed, an unknown schema).
   */
  public boolean retryable() {
    return retryable;
  }
}
