package io.millrace.jobs.cost;

/** A file that is no price catalogue. The message is one line, and enough for the user. */
public final class CatalogueException extends Exception {
  private static final long serialVersionUID = 1L;

  CatalogueException(String message, Throwable cause) {
    super(message, cause);
  }
}
