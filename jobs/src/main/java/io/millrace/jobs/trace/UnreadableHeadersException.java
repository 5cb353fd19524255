package io.millrace.jobs.trace;

/** Headers for a receiver cannot be read. The message quotes none of them. */
final class UnreadableHeadersException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnreadableHeadersException(String message) {
    super(message);
  }
}
