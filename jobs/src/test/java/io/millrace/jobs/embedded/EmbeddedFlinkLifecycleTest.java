package io.millrace.jobs.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedFlinkLifecycleTest {

  @TempDir Path directory;

  @Test
  void leavesNoThreadThatKeepsTheProcessAlive() {
    Set<Thread> before = threadsThatKeepTheProcessAlive();
    try (DataDirectory data = DataDirectory.open(directory);
        EmbeddedKafka kafka = EmbeddedKafka.start(data.kafka(), 0);
        EmbeddedFlink flink = EmbeddedFlink.start(EmbeddedFlinkConfig.in(data))) {
      assertThat(kafka.topics().names()).isEmpty();
      assertThat(flink.newestCheckpoint("none")).isEmpty();
    }
    Set<Thread> left = threadsThatKeepTheProcessAlive();
    left.removeAll(before);
    left.removeIf(EmbeddedFlinkLifecycleTest::endsWithinSeconds);
    assertThat(left).isEmpty();
  }

  @Test
  void takenPortsAreOneClearLine() throws IOException {
    try (DataDirectory data = DataDirectory.open(directory);
        ServerSocket other = new ServerSocket(0, 1, Ports.LOOPBACK)) {
      int port = other.getLocalPort();
      EmbeddedFlinkConfig config = EmbeddedFlinkConfig.in(data);
      assertThatThrownBy(() -> EmbeddedFlink.start(config.withPorts(port, 0)))
          .isInstanceOf(StartupException.class)
          .hasMessage("port " + port + " is in use; choose another with --dashboard-port");
      assertThatThrownBy(() -> EmbeddedFlink.start(config.withPorts(0, port)))
          .isInstanceOf(StartupException.class)
          .hasMessage("port " + port + " is in use; choose another with --metrics-port");
      assertThatThrownBy(() -> EmbeddedFlink.start(config.withPorts(0, 70_000)))
          .isInstanceOf(StartupException.class)
          .hasMessage("port 70000 is not between 0 and 65535: --metrics-port");
    }
  }

  @Test
  void limitsAreChecked() {
    EmbeddedFlinkConfig config = new EmbeddedFlinkConfig(directory, directory, 0, 0, 1, 1);
    assertThatThrownBy(() -> config.withTaskManagers(0, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("taskManagers is 0, must be 1 to 16");
    assertThatThrownBy(() -> config.withTaskManagers(1, 65))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("slotsPerTaskManager is 65, must be 1 to 64");
  }

  private static Set<Thread> threadsThatKeepTheProcessAlive() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !thread.isDaemon())
        .collect(Collectors.toSet());
  }

  private static boolean endsWithinSeconds(Thread thread) {
    try {
      thread.join(5_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return !thread.isAlive();
  }
}
