package io.millrace.jobs.cli;

import io.millrace.jobs.Models;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;

/**
 * What a command did.
 *
 * @param exitCode its exit code
 * @param out its standard output, by lines
 * @param err its standard error, by lines
 */
record CommandRun(int exitCode, List<String> out, List<String> err) {

  /** Runs a command in this JVM. */
  static CommandRun of(Models models, Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line =
        Commands.commandLine(models)
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true));
    int exitCode = line.execute(Stream.of(args).map(Object::toString).toArray(String[]::new));
    return new CommandRun(
        exitCode, out.toString().lines().toList(), err.toString().lines().toList());
  }
}
