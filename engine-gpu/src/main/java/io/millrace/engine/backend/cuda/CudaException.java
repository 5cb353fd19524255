package io.millrace.engine.backend.cuda;

/** A call of the driver failed, or a kernel did wrong; the message is one line that names it. */
public class CudaException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  public CudaException(String message) {
    super(message);
  }

  public CudaException(String message, Throwable cause) {
    super(message, cause);
  }
}
