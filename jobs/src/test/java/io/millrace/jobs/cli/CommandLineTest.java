package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Exit codes, and that whatever is wrong is one clear line. */
class CommandLineTest {
  private static final FakeModels MODELS = new FakeModels(null);

  @TempDir Path directory;

  @Test
  void everyCommandHasHelp() {
    CommandLine all = Commands.commandLine(MODELS);
    assertThat(all.getSubcommands())
        .containsKeys("demo", "batch", "up", "submit", "watch", "replay");
    for (String name : all.getSubcommands().keySet()) {
      StringWriter out = new StringWriter();
      CommandLine line = Commands.commandLine(MODELS).setOut(new PrintWriter(out));
      assertThat(line.execute(name, "--help")).as(name).isZero();
      assertThat(out.toString()).as(name).contains("Usage: millrace " + name, "--verbose");
    }
  }

  @Test
  void wrongUseIs2() {
    assertThat(run()).isEqualTo(wrongUse("say what to do: millrace COMMAND", "millrace"));
    CommandRun misspelt = run("bathc");
    assertThat(misspelt.exitCode()).isEqualTo(2);
    assertThat(misspelt.err().get(0)).contains("bathc");
    assertThat(run("batch").exitCode()).isEqualTo(2);
    assertThat(run("up", "--kafka-port", "many").exitCode()).isEqualTo(2);
    assertThat(run("submit", "x", "--timeout", "soon").err().get(0))
        .contains("'soon' is no duration, such as 90s or 10min");
  }

  @Test
  void filesOfABatchAreChecked() throws IOException {
    Path in = Files.writeString(directory.resolve("in.jsonl"), "{}\n");
    Path out = directory.resolve("out.jsonl");
    Path missing = directory.resolve("none.jsonl");
    assertThat(batch(missing, out)).isEqualTo(wrong("--input " + missing + " does not exist"));
    assertThat(batch(directory, out))
        .isEqualTo(wrong("--input " + directory + " is no file that can be read"));
    assertThat(batch(in, in))
        .isEqualTo(wrong("--input, --output and --errors must be three files"));
    Path nowhere = directory.resolve("no/out.jsonl");
    assertThat(batch(in, nowhere))
        .isEqualTo(wrong("there is no folder " + nowhere.getParent() + " for " + nowhere));
    Files.writeString(directory.resolve("out.errors.jsonl"), "");
    assertThat(batch(in, out))
        .isEqualTo(
            wrong(
                directory.resolve("out.errors.jsonl") + " exists; remove it, or say --overwrite"));
  }

  @Test
  void optionsOfTheJobAreChecked() throws IOException {
    Path in = Files.writeString(directory.resolve("in.jsonl"), "{}\n");
    Path out = directory.resolve("out.jsonl");
    assertThat(batch(in, out, "--set", "millrace.cash.ttl=1h"))
        .isEqualTo(wrong("unknown option millrace.cash.ttl"));
    assertThat(batch(in, out, "--set", "rest.port=1"))
        .isEqualTo(wrong("--set rest.port: options start with millrace."));
    assertThat(batch(in, out, "--set", "millrace.cache.ttl=long").exitCode()).isEqualTo(2);
    assertThat(batch(in, out, "--model", "no.gguf"))
        .isEqualTo(wrong("--model no.gguf is no file that can be read"));
    assertThat(out.resolveSibling("out.jsonl.millrace")).doesNotExist();
  }

  @Test
  void takenPortAndAbsentBrokerAreFailures() throws IOException {
    try (ServerSocket taken =
        new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
      int port = taken.getLocalPort();
      CommandRun up =
          run(
              "up",
              "--kafka-port",
              port,
              "--data",
              directory.resolve("data"),
              "--set",
              "millrace.model.default.path=none");
      assertThat(up.exitCode()).isEqualTo(1);
      assertThat(up.err())
          .containsExactly(
              "starting ...",
              "millrace: port " + port + " is in use; choose another with --kafka-port");
    }
    assertThat(run("watch", "responses", "--bootstrap", "127.0.0.1:1").err())
        .containsExactly(
            "millrace: no Kafka broker answers at 127.0.0.1:1; is './millrace up' running?");
    assertThat(run("replay", "--bootstrap", "127.0.0.1:1").err())
        .containsExactly(
            "millrace: no Kafka broker answers at 127.0.0.1:1; is './millrace up' running?");
    assertThat(run("replay", "--replays-max", "0"))
        .isEqualTo(wrong("--replays-max is 0, must be at least 1"));
    assertThat(run("watch", "responses", "--bootstrap", "nonsense").exitCode()).isEqualTo(2);
  }

  @Test
  void aDemoEmptiesNothingButADemo() throws IOException {
    Files.writeString(directory.resolve("precious"), "");
    CommandRun demo = run("demo", "--exit", "--data", directory);
    assertThat(demo.exitCode()).isNotZero();
    assertThat(directory.resolve("precious")).exists();
  }

  private static CommandRun run(Object... args) {
    return CommandRun.of(MODELS, args);
  }

  private CommandRun batch(Path in, Path out, Object... more) {
    Object[] args = {"batch", "--input", in, "--output", out};
    return run(java.util.stream.Stream.of(args, more).flatMap(java.util.Arrays::stream).toArray());
  }

  private static CommandRun wrong(String message) {
    return new CommandRun(2, java.util.List.of(), java.util.List.of("millrace: " + message));
  }

  private static CommandRun wrongUse(String message, String command) {
    return new CommandRun(
        2,
        java.util.List.of(),
        java.util.List.of("millrace: " + message, "Try '" + command + " --help'."));
  }
}
