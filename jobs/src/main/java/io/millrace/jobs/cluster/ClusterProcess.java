package io.millrace.jobs.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A place in the cluster that one process fills at a time: started, killed, started again.
 *
 * <p>What it prints goes to {@code logs/NAME.out}, what it logs to {@code logs/NAME.log}.
 */
final class ClusterProcess {
  private static final Duration DEATH_MAX = Duration.ofSeconds(30);

  private final String name;
  private final Path folder;
  private final List<String> jvmOptions;
  private final List<String> mainAndArguments;
  private Process process;

  /**
   * @param name of its files
   * @param folder the cluster's
   * @param mainAndArguments a class, and what its main method gets
   */
  ClusterProcess(String name, Path folder, List<String> jvmOptions, List<String> mainAndArguments) {
    this.name = name;
    this.folder = folder;
    this.jvmOptions = List.copyOf(jvmOptions);
    this.mainAndArguments = List.copyOf(mainAndArguments);
  }

  String name() {
    return name;
  }

  /** Starts the process; returns before it is ready for anything. */
  synchronized void start() {
    try {
      Path options = folder.resolve("conf").resolve(name + ".args");
      Files.write(options, arguments());
      Path out = folder.resolve("logs").resolve(name + ".out");
      ProcessBuilder builder =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(), "@" + options)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(out.toFile()))
              .redirectErrorStream(true);
      // Flink's own variables, so that nothing of another installation is found.
      builder.environment().put("FLINK_CONF_DIR", folder.resolve("conf").toString());
      builder.environment().put("FLINK_PLUGINS_DIR", folder.resolve("plugins").toString());
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + name, e);
    }
  }

  /** The running process, or the last one. */
  synchronized long pid() {
    return process.pid();
  }

  /** Whether it was started and runs no more. */
  synchronized boolean hasEnded() {
    return process != null && !process.isAlive();
  }

  /** kill -9; returns when the process is gone. */
  synchronized void kill() {
    if (process == null) {
      return;
    }
    process.destroyForcibly();
    try {
      if (!process.waitFor(DEATH_MAX.toSeconds(), TimeUnit.SECONDS)) {
        throw new IllegalStateException(name + " (process " + pid() + ") survives kill -9");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** In a file, which a command line as long as a class path needs. */
  private List<String> arguments() {
    List<String> arguments = new ArrayList<>(jvmOptions);
    arguments.add("-Dlog4j.configurationFile=" + folder.resolve("conf/log4j.properties"));
    arguments.add("-Dlog4j2.configurationFile=" + folder.resolve("conf/log4j.properties"));
    arguments.add("-Dlog.file=" + folder.resolve("logs").resolve(name + ".log"));
    arguments.add("-cp");
    arguments.add(System.getProperty("java.class.path"));
    arguments.add(ChildMain.class.getName());
    arguments.addAll(mainAndArguments);
    return arguments.stream().map(ClusterProcess::quoted).collect(Collectors.toList());
  }

  private static String quoted(String argument) {
    return '"' + argument.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
