package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.embedded.ListeningSockets;
import java.io.BufferedReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code up} as a process of its own. */
class UpCommandTest {

  /** The command line with a model that only shouts. */
  public static final class WithFakeModel {
    private WithFakeModel() {}

    public static void main(String[] args) {
      System.exit(Commands.commandLine(new FakeModels(null)).execute(args));
    }
  }

  @Test
  @Timeout(240)
  void listensOnLoopbackOnlyAndStopsWhenAskedTo(@TempDir Path directory) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(arg -> arg.startsWith("--add-"))
        .forEach(command::add);
    command.addAll(List.of("-Xmx1g", "-Dlog4j2.configurationFile=log4j2-quiet.properties"));
    command.addAll(List.of("-Dlog4j.shutdownHookEnabled=false"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(WithFakeModel.class.getName(), "up", "--data", directory.toString()));
    command.addAll(List.of("--kafka-port", "0", "--dashboard-port", "0", "--metrics-port", "0"));
    command.addAll(List.of("--ui-port", "0"));
    command.addAll(List.of("--set", "millrace.model.default.path=none"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> seen = new ArrayList<>();
    try (BufferedReader console = process.inputReader(StandardCharsets.UTF_8)) {
      String line = console.readLine();
      while (line != null && !line.startsWith("Ctrl-C stops")) {
        seen.add(line);
        line = console.readLine();
      }
      assertThat(line).as(() -> String.join("\n", seen)).isNotNull();

      List<ListeningSockets.Socket> sockets = ListeningSockets.of(process.toHandle());
      // Broker and controller; dashboard, metrics, and what Flink's processes tell each other.
      assertThat(sockets).hasSizeGreaterThanOrEqualTo(4);
      assertThat(sockets).allMatch(ListeningSockets.Socket::isLoopback);

      process.toHandle().destroy(); // unlike Process.destroy, leaves its output open
      console.lines().forEach(seen::add);
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(() -> String.join("\n", seen)).isZero();
      assertThat(seen).contains("stopped");
    } finally {
      process.destroyForcibly();
    }
  }
}
