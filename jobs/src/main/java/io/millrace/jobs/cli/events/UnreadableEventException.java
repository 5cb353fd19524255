package io.millrace.jobs.cli.events;

import java.io.IOException;

/** A record is not what its topic should hold. The message says why, without its content. */
public final class UnreadableEventException extends IOException {
  private static final long serialVersionUID = 1L;

  public UnreadableEventException(String message, Throwable cause) {
    super(message, cause);
  }
}
