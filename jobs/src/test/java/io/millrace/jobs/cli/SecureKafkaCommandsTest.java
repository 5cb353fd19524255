package io.millrace.jobs.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.embedded.SecureKafka;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The commands that speak to a broker, where it wants TLS and a login. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecureKafkaCommandsTest {
  private static final String TOPIC = "millrace.prompts";

  /** May send prompts; may also read them; may do nothing. */
  private static final String SENDER = "sender";

  private static final String READER = "reader";
  private static final String STRANGER = "stranger";

  private Path directory;
  private SecureKafka kafka;
  private Path prompts;

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    this.directory = directory;
    kafka = SecureKafka.start(directory, SENDER, READER, STRANGER);
    kafka.createTopics(List.of(TOPIC));
    kafka.allow(SENDER, ResourceType.TOPIC, TOPIC, PatternType.LITERAL, AclOperation.WRITE);
    kafka.allow(READER, ResourceType.TOPIC, TOPIC, PatternType.LITERAL, AclOperation.READ);
    prompts = Files.writeString(directory.resolve("prompts.jsonl"), "{\"messages\": []}\n");
  }

  @AfterAll
  void stop() {
    kafka.close();
  }

  @Test
  void thoseWhoMayDo() throws Exception {
    assertThat(run("submit", prompts, file(SENDER)))
        .isEqualTo(new CommandRun(0, List.of(), List.of("1 prompts are in " + TOPIC)));

    // In a process of its own, with the password in its environment; standard output is its own.
    Path config = kafka.fileWithVariable(READER, "KAFKA_PASSWORD");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of("watch", TOPIC, "--from", "beginning", "--max", "1", "--json"));
    command.addAll(List.of("--bootstrap", kafka.bootstrapServers()));
    command.addAll(List.of("--kafka-config", config.toString()));
    Path errors = directory.resolve("errors");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
    builder.environment().put("KAFKA_PASSWORD", kafka.password(READER));
    Process process = builder.start();
    try {
      String out = new String(process.getInputStream().readAllBytes(), UTF_8);
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
      assertThat(Files.readString(errors)).contains("watching " + TOPIC);
      assertThat(out).contains("messages");
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void thoseWhoMayNotAreToldOnOneLine() throws Exception {
    String at = " at " + kafka.bootstrapServers();
    assertThat(run("submit", prompts, file(STRANGER)))
        .isEqualTo(failed("there is no topic " + TOPIC + at + " that this user may see"));
    assertThat(run("submit", prompts, file(READER)))
        .isEqualTo(
            failed("this user may not write to " + TOPIC + ": Cluster authorization failed."));
    assertThat(run("watch", TOPIC, "--from", "beginning", file(SENDER)).err())
        .last()
        .isEqualTo("millrace: Not authorized to access topics: [millrace.prompts]");

    Path wrong = kafka.fileWithPassword(SENDER, "guessed");
    assertThat(run("submit", prompts, wrong))
        .isEqualTo(
            failed(
                "Kafka"
                    + at
                    + " refuses the login: Authentication failed during authentication due to"
                    + " invalid credentials with SASL mechanism SCRAM-SHA-512"));
  }

  @Test
  void settingsThatDoNotFitAreToldOnOneLine() throws Exception {
    Path unset = kafka.fileWithVariable(SENDER, "KAFKA_SURELY_NOT_SET");
    CommandRun none = run("submit", prompts, unset);
    assertThat(none.exitCode()).isEqualTo(2);
    assertThat(none.err())
        .hasSize(1)
        .first()
        .asString()
        .contains("sasl.jaas.config of Kafka refers to ${env:KAFKA_SURELY_NOT_SET}");

    Path store = Files.writeString(directory.resolve("damaged.p12"), "no key store");
    String settings = Files.readString(file(SENDER));
    Path damaged =
        Files.writeString(
            directory.resolve("damaged.properties"),
            settings.replaceAll("(truststore.location=).*", "$1" + store));
    CommandRun unusable = run("submit", prompts, damaged);
    assertThat(unusable.exitCode()).isEqualTo(2);
    assertThat(unusable.err()).hasSize(1).first().asString().contains(damaged.toString());

    Path untrusted =
        Files.writeString(
            directory.resolve("untrusted.properties"), settings.replaceAll("ssl.truststore.*", ""));
    CommandRun refused = run("submit", prompts, untrusted);
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err())
        .hasSize(1)
        .first()
        .asString()
        .startsWith("millrace: Kafka at " + kafka.bootstrapServers() + " refuses the login: SSL");

    CommandRun embedded =
        CommandRun.of(new FakeModels(null), "up", "--set", "millrace.kafka.config=x");
    assertThat(embedded.err())
        .containsExactly(
            "millrace: --set millrace.kafka.config: this command has a broker of its own");
  }

  private Path file(String user) throws Exception {
    return kafka.file(user).orElseThrow();
  }

  private CommandRun run(String command, Object... argumentsAndFile) {
    List<Object> arguments = new ArrayList<>(List.of(argumentsAndFile));
    Object file = arguments.remove(arguments.size() - 1);
    Object[] all =
        Stream.of(
                Stream.of(command),
                arguments.stream(),
                Stream.of("--bootstrap", kafka.bootstrapServers(), "--kafka-config", file))
            .flatMap(part -> part)
            .toArray();
    CommandRun run = CommandRun.of(new FakeModels(null), all);
    assertThat(run.err().toString())
        .doesNotContain(kafka.password(SENDER), kafka.password(READER), "guessed");
    return run;
  }

  private static CommandRun failed(String message) {
    return new CommandRun(1, List.of(), List.of("millrace: " + message));
  }
}
