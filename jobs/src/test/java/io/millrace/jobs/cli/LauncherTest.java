package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher with a Maven and a Java that only note that they were called. */
class LauncherTest {

  @TempDir Path directory;

  private Path home;
  private Path jdk;

  /** How a start ended. */
  private record Start(int exitCode, String out, List<String> err) {}

  @BeforeEach
  void install() throws IOException {
    home = Files.createDirectories(directory.resolve("a home/millrace"));
    Path script = Path.of(System.getProperty("millrace.home"), "millrace");
    executable(home.resolve("millrace"), Files.readString(script));
    Files.writeString(home.resolve("pom.xml"), "");
    Files.createDirectories(home.resolve(".mvn"));
    Files.writeString(Files.createDirectories(home.resolve("jobs/src/main")).resolve("A"), "");
    age(home.resolve("pom.xml"), home.resolve("jobs/src/main/A"), home.resolve("jobs/src/main"));
    age(home.resolve(".mvn"));

    jdk = directory.resolve("jdk");
    Files.createDirectories(jdk.resolve("bin"));
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"17.0.1\"\n");
    executable(
        jdk.resolve("bin/java"),
        """
        #!/bin/sh
        echo "WARNING: Using incubator modules: jdk.incubator.vector" >&2
        echo "to the caller" >&3
        for last; do :; done
        echo "$last"
        exit 7
        """);
    maven("mkdir -p jobs/target/lib && touch jobs/target/millrace-jobs-1.jar");
  }

  @Test
  void buildsOnceForAllWhoStartAtTheSameTime() throws Exception {
    List<Process> starts = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      starts.add(begin("--version"));
    }
    for (Process start : starts) {
      Start ended = end(start);
      assertThat(ended.exitCode()).isEqualTo(7); // Java's own
      assertThat(ended.out()).isEqualTo("--version\n");
      assertThat(ended.err()).contains("to the caller").noneMatch(l -> l.contains("incubator"));
    }
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void buildsAgainWhenSourcesOrTheBuildChanged() throws Exception {
    assertThat(end(begin("x")).err().get(0)).isEqualTo("building Millrace (first use) ...");
    assertThat(end(begin("x")).err()).containsExactly("to the caller");
    Files.setLastModifiedTime(
        home.resolve("jobs/src/main/A"), FileTime.from(Instant.now().plusSeconds(60)));
    assertThat(end(begin("x")).err().get(0)).isEqualTo("building Millrace (sources changed) ...");
    age(home.resolve("jobs/src/main/A"));
    Files.delete(home.resolve("jobs/target/millrace-jobs-1.jar")); // mvn clean
    end(begin("x"));
    assertThat(builds()).isEqualTo(3);
  }

  @Test
  void startsThroughASymbolicLink() throws Exception {
    Path link = Files.createSymbolicLink(directory.resolve("link"), home.resolve("millrace"));
    assertThat(end(process(link, "x")).out()).isEqualTo("x\n");
  }

  @Test
  void aFailedBuildIsToldAndTriedAgain() throws Exception {
    maven("echo '[ERROR] no such symbol'; exit 1");
    Start failed = end(begin("x"));
    assertThat(failed.exitCode()).isEqualTo(1);
    assertThat(failed.err())
        .containsExactly(
            "building Millrace (first use) ...",
            "[ERROR] no such symbol",
            "millrace: the build failed; all of its output is in "
                + home.toRealPath().resolve("target/millrace.build.log"));
    assertThat(end(begin("x")).exitCode()).isEqualTo(1);
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void aJavaThatIsTooOldIsOneLine() throws Exception {
    Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"11.0.2\"\n");
    Start old = end(begin("x"));
    assertThat(old.exitCode()).isEqualTo(1);
    assertThat(old.err())
        .containsExactly(
            "millrace: "
                + jdk.resolve("bin/java")
                + " is Java 11; Millrace needs a JDK 17 or newer (set JAVA_HOME)");
    assertThat(builds()).isZero();
  }

  private void maven(String action) throws IOException {
    Path bin = Files.createDirectories(directory.resolve("bin"));
    executable(bin.resolve("mvn"), "#!/bin/sh\necho \"$@\" >>'" + calls() + "'\n" + action + "\n");
  }

  private Process begin(String argument) {
    return process(home.resolve("millrace"), argument);
  }

  private Process process(Path script, String argument) {
    ProcessBuilder builder = new ProcessBuilder(script.toString(), argument);
    builder.environment().put("PATH", directory.resolve("bin") + ":" + System.getenv("PATH"));
    builder.environment().put("JAVA_HOME", jdk.toString());
    try {
      return builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Start end(Process process) throws IOException, InterruptedException {
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Start(process.waitFor(), out, err.lines().toList());
  }

  private long builds() throws IOException {
    return Files.exists(calls()) ? Files.readAllLines(calls()).size() : 0;
  }

  private Path calls() {
    return directory.resolve("maven.calls");
  }

  private static void age(Path... paths) throws IOException {
    for (Path path : paths) {
      Files.setLastModifiedTime(path, FileTime.from(Instant.now().minusSeconds(3_600)));
    }
  }

  private static void executable(Path file, String text) throws IOException {
    Files.writeString(file, text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }
}
