package io.millrace.engine;

/**
 * A request that this engine cannot take. The message is one line, fit for the request's sender.
 */
public final class RequestRejectedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean retryable;

  /**
   * @param retryable whether the same request could be taken later (a full queue), as opposed to
   *     never (a prompt longer than the context)
   */
  public RequestRejectedException(String message, boolean retryable) {
    super(message);
    this.retryable = retryable;
  }

  public boolean retryable() {
    return retryable;
  }
}
