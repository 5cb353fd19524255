package io.millrace.jobs.cli;

import io.millrace.jobs.dashboards.Dashboard;
import io.millrace.jobs.dashboards.Dashboards;
import io.millrace.jobs.dashboards.GrafanaDashboard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dashboards}: Grafana's files. */
@Command(
    name = "dashboards",
    description = {
      "Write the dashboards for Grafana.",
      "Those in docker/grafana/dashboards are written by it; `demo` and `up` serve the same panels"
          + " as a page, without Grafana."
    })
final class DashboardsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "Where to write one file for each dashboard.")
  private Path output;

  @Override
  public Integer call() {
    try {
      Files.createDirectories(output);
      for (Dashboard dashboard : Dashboards.ALL) {
        Path file = output.resolve(GrafanaDashboard.file(dashboard));
        Files.writeString(file, GrafanaDashboard.of(dashboard));
        spec.commandLine().getOut().println(file);
      }
    } catch (IOException e) {
      throw CommandFailure.failed("cannot write to " + output + ": " + e.getMessage());
    }
    return ExitCodes.OK;
  }
}
