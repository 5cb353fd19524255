package io.millrace.jobs.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {

  @TempDir Path directory;

  @Test
  void keepsEverythingButTmp() throws IOException {
    Path root = directory.resolve("deep/data");
    try (DataDirectory data = DataDirectory.open(root)) {
      Files.writeString(data.kafka().resolve("kept"), "");
      Files.createDirectories(data.tmp().resolve("working/files"));
      assertThat(data.checkpoints()).isDirectory();
      assertThat(data.savepoints()).isDirectory();
      assertThat(data.logs()).isDirectory();
    }
    try (DataDirectory data = DataDirectory.open(root)) {
      assertThat(data.kafka().resolve("kept")).exists();
      assertThat(data.tmp()).isEmptyDirectory();
    }
  }

  @Test
  void isForOneAtATime() {
    try (DataDirectory data = DataDirectory.open(directory)) {
      assertThatThrownBy(() -> DataDirectory.open(directory))
          .isInstanceOf(StartupException.class)
          .hasMessage(
              data.root()
                  + " is in use by process "
                  + ProcessHandle.current().pid()
                  + "; stop it or choose another directory with --data");
    }
    DataDirectory.open(directory).close();
  }

  @Test
  void isForOneProcessAtATime() throws Exception {
    try (DataDirectory data = DataDirectory.open(directory)) {
      Path java = Path.of(System.getProperty("java.home"), "bin", "java");
      Process other =
          new ProcessBuilder(
                  java.toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  OpenInAnotherProcess.class.getName(),
                  data.root().toString())
              .redirectErrorStream(true)
              .start();
      String output = new String(other.getInputStream().readAllBytes(), UTF_8);
      assertThat(other.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(output)
          .contains("is in use by process " + ProcessHandle.current().pid() + "; stop it");
    }
  }

  @Test
  void fileInItsPlaceIsOneClearLine() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");
    assertThatThrownBy(() -> DataDirectory.open(file))
        .isInstanceOf(StartupException.class)
        .hasMessage(file + " is not a directory; choose another directory with --data");
    assertThatThrownBy(() -> DataDirectory.open(file.resolve("below")))
        .isInstanceOf(StartupException.class)
        .hasMessageContaining("choose another directory with --data");
  }

  /** Opens the directory named by its argument and prints why it cannot. */
  static final class OpenInAnotherProcess {

    private OpenInAnotherProcess() {}

    public static void main(String[] arguments) {
      try (DataDirectory data = DataDirectory.open(Path.of(arguments[0]))) {
        System.out.println("opened " + data.root());
      } catch (StartupException e) {
        System.out.println(e.getMessage());
      }
    }
  }
}
