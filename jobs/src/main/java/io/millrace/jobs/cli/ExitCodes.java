package io.millrace.jobs.cli;

/** What a command's exit code tells. */
public final class ExitCodes {
  public static final int OK = 0;
  public static final int FAILURE = 1;
  public static final int WRONG_USE = 2;

  /** Something has no price. */
  public static final int UNPRICED = 3;

  /** Ended by Ctrl-C before it was done, as shells count it. */
  public static final int INTERRUPTED = 130;

  private ExitCodes() {}
}
