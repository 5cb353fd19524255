package io.millrace.jobs.cli;

import io.millrace.jobs.embedded.StartupException;
import java.io.PrintWriter;
import java.util.function.BooleanSupplier;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Whatever goes wrong becomes one line on standard error; the whole story goes to the log. */
final class Errors implements IExecutionExceptionHandler, IParameterExceptionHandler {
  private static final int LINE_CHARS_MAX = 1_000;

  private final BooleanSupplier verbose;

  Errors(BooleanSupplier verbose) {
    this.verbose = verbose;
  }

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("millrace: " + oneLine(e.getMessage()));
    UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    err.flush();
    return ExitCodes.WRONG_USE;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult result) {
    Interrupts.awaitEndIfEnding();
    PrintWriter err = command.getErr();
    boolean expected = e instanceof CommandFailure || e instanceof StartupException;
    err.println("millrace: " + (expected ? oneLine(e.getMessage()) : unexpected(e)));
    if (!expected) {
      LoggerFactory.getLogger(Errors.class).error("The command failed", e);
      LogFile.current().ifPresent(file -> err.println("Details: " + file));
    }
    if (verbose.getAsBoolean()) {
      e.printStackTrace(err);
    }
    err.flush();
    return e instanceof CommandFailure failure ? failure.exitCode() : ExitCodes.FAILURE;
  }

  /** What failed, and why in the end. */
  private static String unexpected(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    String what = describe(e);
    String why = describe(root);
    return what.contains(why) ? what : what + ": " + why;
  }

  private static String describe(Throwable e) {
    return e.getMessage() == null || e.getMessage().isBlank()
        ? e.getClass().getSimpleName()
        : oneLine(e.getMessage());
  }

  private static String oneLine(String message) {
    String line = message == null ? "" : message.strip().replaceAll("\\s*\\R\\s*", " ");
    return line.length() <= LINE_CHARS_MAX ? line : line.substring(0, LINE_CHARS_MAX) + "...";
  }
}
