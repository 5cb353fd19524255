package io.millrace.jobs.cli;

/** A command cannot do what it was asked to. The message is one line, and enough for the user. */
public final class CommandFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  private CommandFailure(int exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  /** The command failed. */
  public static CommandFailure failed(String message) {
    return new CommandFailure(ExitCodes.FAILURE, message, null);
  }

  /** The command failed because of {@code cause}, which {@code --verbose} shows. */
  public static CommandFailure failed(String message, Throwable cause) {
    return new CommandFailure(ExitCodes.FAILURE, message, cause);
  }

  /** What was asked for makes no sense: a file that is not there, options that exclude others. */
  public static CommandFailure wrongUse(String message) {
    return new CommandFailure(ExitCodes.WRONG_USE, message, null);
  }

  public int exitCode() {
    return exitCode;
  }
}
