package io.millrace.jobs.cli;

import io.millrace.jobs.cli.progress.Format;
import io.millrace.jobs.cli.torture.Torture;
import io.millrace.jobs.cli.torture.TortureReport;
import io.millrace.jobs.cli.torture.TortureSettings;
import io.millrace.jobs.cli.torture.Workload;
import io.millrace.jobs.cluster.Fault;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.flink.util.FileUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code torture}: a busy cluster of separate processes under kill -9. */
@Command(
    name = "torture",
    description = {
      "Kill processes of a busy cluster, and count what is lost or doubled.",
      "ZooKeeper, a broker, a JobManager and two TaskManagers start as processes of their own on"
          + " this machine. TaskManagers, JobManager and broker are killed with -9, again and"
          + " again; then the same prompts run undisturbed, and answers, token events and ledger"
          + " are compared. Exit code 1 if anything differs."
    })
final class TortureCommand implements Callable<Integer> {
  private static final int TASK_MANAGERS = 2;
  private static final int ENGINES = 2;
  private static final int SEQUENCES = 16;
  private static final int MINUTES_MAX = 24 * 60;

  @Spec private CommandSpec spec;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      defaultValue = "5",
      description =
          "How long processes are killed; draining and the undisturbed run come after. Default:"
              + " ${DEFAULT-VALUE}")
  private int minutes;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "Of the prompts, and of what dies when. Default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(names = "--json", paramLabel = "FILE", description = "Gets the counts.")
  private Path json;

  @Option(
      names = "--dir",
      paramLabel = "D",
      description =
          "A new or empty folder for the cluster's files, which are kept. Default: a temporary"
              + " one, removed if all is well")
  private Path directory;

  @Override
  public Integer call() throws Exception {
    if (minutes < 1 || minutes > MINUTES_MAX) {
      throw CommandFailure.wrongUse("--minutes is " + minutes + ", must be 1 to " + MINUTES_MAX);
    }
    Path folder = folder();
    LogFile.into(folder.resolve("logs"));
    PrintWriter err = spec.commandLine().getErr();
    AtomicReference<Torture> torture = new AtomicReference<>();
    TortureReport report;
    try (Interrupts interrupts =
        Interrupts.handledBy(
            ExitCodes.INTERRUPTED,
            () -> {
              if (torture.get() != null) {
                torture.get().close();
              }
            })) {
      say(err, "starting ZooKeeper, broker, JobManager and TaskManagers in " + folder);
      try (Torture started =
          new Torture(
              new TortureSettings(
                  folder,
                  Installation.flinkConf(),
                  Installation.model(),
                  seed,
                  Duration.ofMinutes(minutes),
                  Integer.MAX_VALUE,
                  TASK_MANAGERS,
                  ENGINES,
                  SEQUENCES),
              Workload.messages(Installation.heldOutMessages()),
              line -> say(err, line),
              System::currentTimeMillis)) {
        torture.set(started);
        say(err, "dashboard: " + started.dashboardUrl());
        report = started.run();
      }
    }
    print(report, spec.commandLine().getOut());
    if (json != null) {
      Files.writeString(json, report.toJson() + "\n");
    }
    List<String> broken = report.broken();
    if (!broken.isEmpty()) {
      throw CommandFailure.failed(String.join("; ", broken) + "; see " + folder);
    }
    if (directory == null) {
      FileUtils.deleteDirectory(folder.toFile());
    }
    return ExitCodes.OK;
  }

  private Path folder() throws IOException {
    if (directory == null) {
      return Files.createTempDirectory("millrace-torture");
    }
    Files.createDirectories(directory);
    try (Stream<Path> children = Files.list(directory)) {
      if (children.findAny().isPresent()) {
        throw CommandFailure.wrongUse("--dir " + directory + " is not empty");
      }
    }
    return directory.toAbsolutePath().normalize();
  }

  private static void print(TortureReport report, PrintWriter out) {
    out.printf(
        "kills                    %d taskmanager, %d jobmanager, %d broker%n",
        report.kills().getOrDefault(Fault.TASK_MANAGER, 0),
        report.kills().getOrDefault(Fault.JOB_MANAGER, 0),
        report.kills().getOrDefault(Fault.BROKER, 0));
    out.printf("prompts                  %s%n", Format.count(report.prompts()));
    out.printf("answers                  %s%n", Format.count(report.answers()));
    out.printf("dead letters             %s%n", Format.count(report.deadLetters()));
    out.printf("lost                     %s%n", Format.count(report.lost()));
    out.printf("duplicates               %s%n", Format.count(report.duplicates()));
    out.printf("tokens written twice     %s%n", Format.count(report.tokensTwice()));
    out.printf("tokens without an event  %s%n", Format.count(report.tokensMissing()));
    out.printf("text differences         %s%n", Format.count(report.textDifferences()));
    out.printf(
        "ledger difference        %s USD%n",
        report.ledgerDifferenceUsd().stripTrailingZeros().toPlainString());
    out.printf("in progress at kills     %s%n", Format.count(report.inProgressAtKills()));
    out.printf(
        "of them resumed          %s, with %s tokens done%n",
        Format.count(report.resumed()), Format.count(report.resumedTokens()));
    out.printf("time                     %s%n", Format.duration(Math.round(report.seconds())));
    out.flush();
  }

  private static void say(PrintWriter err, String line) {
    err.println(line);
    err.flush();
  }
}
