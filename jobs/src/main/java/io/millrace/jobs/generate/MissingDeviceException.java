package io.millrace.jobs.generate;

/** The device that a model is to run on is not here; the message is one line that says why. */
public final class MissingDeviceException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  public MissingDeviceException(String message) {
    super(message);
  }
}
