package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.ConsoleAppender;
import org.apache.logging.log4j.core.appender.RollingFileAppender;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts log4j with each of our configurations and logs through it. */
class LoggingFilesTest {

  private static final Path FLINK_CONF = Path.of(System.getProperty("millrace.home"), "flink-conf");

  @TempDir Path directory;

  @AfterEach
  void clear() {
    System.clearProperty("millrace.log.dir");
    System.clearProperty("log.file");
  }

  @Test
  void commandLineLogsToItsFolderAndNotToTheConsole() throws Exception {
    System.setProperty("millrace.log.dir", directory.toString());
    URI config = getClass().getResource("/log4j2.properties").toURI();
    assertThat(consoleOf(config)).isEmpty();
    assertThat(Files.readString(directory.resolve("millrace.log")))
        .contains("INFO", "a.b.Flink", "flink information", "kafka warning")
        .doesNotContain("kafka information");
  }

  @Test
  void daemonsLogToTheFileThatFlinkNames() throws Exception {
    Path file = directory.resolve("flink.log");
    System.setProperty("log.file", file.toString());
    assertThat(consoleOf(FLINK_CONF.resolve("log4j.properties").toUri())).isEmpty();
    assertThat(Files.readString(file))
        .contains("flink information", "kafka warning")
        .doesNotContain("kafka information");
  }

  @Test
  void containersLogToTheConsole() {
    assertThat(consoleOf(FLINK_CONF.resolve("log4j-console.properties").toUri()))
        .contains("flink information", "kafka warning")
        .doesNotContain("kafka information");
  }

  private static String consoleOf(URI config) {
    ByteArrayOutputStream console = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(console, true, StandardCharsets.UTF_8));
    try (LoggerContext context = new LoggerContext("test", null, config)) {
      context.start();
      assertThat(context.getConfiguration().getAppenders().values())
          .hasSize(1)
          .allMatch(a -> a instanceof RollingFileAppender || a instanceof ConsoleAppender);
      context.getLogger("a.b.Flink").info("flink information");
      context.getLogger("org.apache.kafka.X").info("kafka information");
      context.getLogger("org.apache.kafka.X").warn("kafka warning");
    } finally {
      System.setOut(before);
    }
    return console.toString(StandardCharsets.UTF_8);
  }
}
