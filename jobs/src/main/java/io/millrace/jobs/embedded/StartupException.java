package io.millrace.jobs.embedded;

/**
 * Something the user can put right keeps an embedded service from starting. The message is one line
 * that says what is wrong and what to do about it.
 */
public final class StartupException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public StartupException(String message) {
    super(message);
  }

  public StartupException(String message, Throwable cause) {
    super(message, cause);
  }
}
