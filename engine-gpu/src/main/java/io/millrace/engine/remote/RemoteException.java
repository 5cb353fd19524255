package io.millrace.engine.remote;

/** A call that brought no answer, and what may be done about it. The message is one line. */
final class RemoteException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What a failure says of what to do next. */
  enum Kind {
    /** The same call may well succeed: try again, then elsewhere. */
    TRANSIENT,
    /** The server will not serve anyone before a person does something: try elsewhere. */
    UNUSABLE,
    /** The request itself is refused, and would be elsewhere: give up. */
    REFUSED
  }

  private final Kind kind;
  private final String code;
  private final long retryAfterMs;
  private final boolean mayCost;

  /**
   * @param code one word for programs
   * @param retryAfterMs how long the server wants to be left alone, -1 if it does not say
   * @param mayCost whether the server may have begun to answer, and so to bill
   */
  RemoteException(Kind kind, String code, String message, long retryAfterMs, boolean mayCost) {
    super(message, null, false, false);
    this.kind = kind;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.mayCost = mayCost;
  }

  /** An answer that began and makes no sense, or broke off. */
  static RemoteException broken(String message) {
    return new RemoteException(Kind.TRANSIENT, "remote_broken_answer", message, -1, true);
  }

  Kind kind() {
    return kind;
  }

  String code() {
    return code;
  }

  long retryAfterMs() {
    return retryAfterMs;
  }

  boolean mayCost() {
    return mayCost;
  }
}
