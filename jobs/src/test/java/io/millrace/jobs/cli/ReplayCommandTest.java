package io.millrace.jobs.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.embedded.EmbeddedKafka;
import io.millrace.jobs.testing.TopicRecords;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayCommandTest {
  private static final String LETTERS = "millrace.dead-letters";
  private static final String PROMPTS = "millrace.prompts";

  @TempDir Path directory;

  @Test
  void sendsTheRetryableOnesAndOthersWhenAskedTo() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start(directory, 0)) {
      String bootstrap = kafka.bootstrapServers();
      TopicRecords records = new TopicRecords(bootstrap);
      assertThat(replay(bootstrap).err())
          .containsExactly("millrace: there is no topic dead-letters at " + bootstrap);
      kafka.topics().create(Map.of(LETTERS, 1, PROMPTS, 1));
      records.send(List.of(letter(0, "retryable"), letter(1, "terminal"), letter(2, "terminal")));

      assertThat(replay(bootstrap, "--dry-run"))
          .isEqualTo(ok("retryable: 1 would be sent to millrace.prompts"));
      assertThat(replay(bootstrap)).isEqualTo(ok("retryable: 1 sent to millrace.prompts"));
      assertThat(replay(bootstrap)).isEqualTo(ok("retryable: 0 sent to millrace.prompts"));
      assertThat(replay(bootstrap, "--all"))
          .isEqualTo(
              ok("retryable: 0 sent to millrace.prompts", "terminal: 2 sent to millrace.prompts"));
      assertThat(replay(bootstrap, "--kind", "terminal"))
          .isEqualTo(ok("terminal: 0 sent to millrace.prompts"));
      assertThat(records.committed(PROMPTS)).hasSize(3);
      assertThat(replay(bootstrap, "--from", "prompts").exitCode()).isEqualTo(2);
      assertThat(replay(bootstrap, "--kind", "all").exitCode()).isEqualTo(2);
    }
  }

  private static CommandRun replay(String bootstrap, String... more) {
    List<Object> args = new java.util.ArrayList<>(List.of("replay", "--bootstrap", bootstrap));
    args.addAll(List.of(more));
    return CommandRun.of(new FakeModels(null), args.toArray());
  }

  private static CommandRun ok(String... lines) {
    return new CommandRun(0, List.of(), List.of(lines));
  }

  private static ProducerRecord<byte[], byte[]> letter(long offset, String kind) {
    ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(LETTERS, new byte[1]);
    Map.of(
            "__connect.errors.topic",
            PROMPTS,
            "__connect.errors.partition",
            "0",
            "__connect.errors.offset",
            Long.toString(offset),
            "millrace.error.kind",
            kind)
        .forEach((name, text) -> letter.headers().add(name, text.getBytes(UTF_8)));
    return letter;
  }
}
