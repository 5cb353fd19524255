package io.millrace.jobs.ledger;

/** A ledger that cannot be read or compacted; the message is one line for its user. */
public final class LedgerException extends Exception {
  private static final long serialVersionUID = 1L;

  public LedgerException(String message) {
    super(message);
  }

  public LedgerException(String message, Throwable cause) {
    super(message, cause);
  }
}
