package io.millrace.jobs.cli.replay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.cli.replay.Replay.Kind;
import io.millrace.jobs.cli.replay.Replay.Outcome;
import io.millrace.jobs.embedded.EmbeddedKafka;
import io.millrace.jobs.kafka.KafkaConnection;
import io.millrace.jobs.kafka.Topics;
import io.millrace.jobs.testing.TopicRecords;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReplayTest {
  private static final long NOW_MS = 1_000_000;
  private static final Outcome NOTHING = new Outcome(0, 0, 0, 0, 0);

  private EmbeddedKafka kafka;
  private TopicRecords records;

  @BeforeAll
  void start(@TempDir Path directory) {
    kafka = EmbeddedKafka.start(directory, 0);
    records = new TopicRecords(kafka.bootstrapServers());
  }

  @AfterAll
  void stop() {
    kafka.close();
  }

  @Test
  void sendsARetryablePromptAsItWasAndOnlyOnce() throws Exception {
    Topics topics = topics("once.");
    byte[] key = {7, (byte) 0xff};
    byte[] value = {(byte) 0xfe, 0, 1};
    ProducerRecord<byte[], byte[]> letter = letter(topics, 4, "retryable", key, value);
    letter.headers().add("tenant", "acme".getBytes(UTF_8));
    letter.headers().add("deadline", Long.toString(NOW_MS - 1).getBytes(UTF_8));
    letter.headers().add("traceparent", new byte[] {(byte) 0xff});
    records.send(List.of(letter, letter(topics, 5, "terminal", null, value)));

    List<String> told = new ArrayList<>();
    assertThat(run(topics, Kind.RETRYABLE, told::add)).isEqualTo(new Outcome(1, 1, 0, 0, 0));
    assertThat(run(topics, Kind.RETRYABLE, told::add)).isEqualTo(NOTHING);

    assertThat(told).hasSize(1).first().asString().contains("\"request_id\":\"once.prompts-0-4\"");
    List<ConsumerRecord<byte[], byte[]>> sent = records.committed(topics.prompts());
    assertThat(sent).hasSize(1);
    assertThat(sent.get(0).key()).isEqualTo(key);
    assertThat(sent.get(0).value()).isEqualTo(value);
    assertThat(names(sent.get(0)))
        .containsExactlyInAnyOrder("tenant", "deadline", "traceparent", "millrace.replay");
    assertThat(sent.get(0).headers().lastHeader("traceparent").value())
        .isEqualTo(new byte[] {(byte) 0xff});
    assertThat(replays(sent.get(0))).isEqualTo("1");

    // What comes later is sent by a later run.
    records.send(List.of(letter(topics, 6, "retryable", null, null)));
    assertThat(run(topics, Kind.RETRYABLE, told::add)).isEqualTo(new Outcome(1, 0, 0, 0, 0));
    assertThat(records.committed(topics.prompts()))
        .hasSize(2)
        .last()
        .matches(r -> r.value() == null);
  }

  @Test
  void sendsATerminalPromptOnlyWhenAskedTo() throws Exception {
    Topics topics = topics("terminal.");
    records.send(
        List.of(
            letter(topics, 0, "terminal", null, new byte[] {1}),
            letter(topics, 1, "retryable", null, new byte[] {2}),
            letter(topics, 2, "terminal", null, new byte[] {3})));

    assertThat(run(topics, Kind.RETRYABLE, line -> {}).sent()).isEqualTo(1);
    assertThat(run(topics, Kind.TERMINAL, line -> {}).sent()).isEqualTo(2);
    assertThat(run(topics, Kind.TERMINAL, line -> {})).isEqualTo(NOTHING);
    assertThat(records.committed(topics.prompts()))
        .extracting(record -> record.value()[0])
        .containsExactly((byte) 2, (byte) 1, (byte) 3);
  }

  @Test
  void givesUpOnWhatFailsAgainAndAgain() throws Exception {
    Topics topics = topics("again.");
    List<ProducerRecord<byte[], byte[]>> letters = new ArrayList<>();
    for (String count : List.of("1", "2", "3", "999", "-1", "99999999999999999999", "x", "")) {
      ProducerRecord<byte[], byte[]> letter = letter(topics, 0, "retryable", null, new byte[1]);
      letter.headers().add("millrace.replay", count.getBytes(UTF_8));
      letters.add(letter);
    }
    records.send(letters);

    assertThat(run(topics, Kind.RETRYABLE, line -> {})).isEqualTo(new Outcome(6, 0, 2, 0, 0));
    assertThat(records.committed(topics.prompts()))
        .extracting(ReplayTest::replays)
        .containsExactly("2", "3", "1", "1", "1", "1");
  }

  /** A letter that was too large names its source; what is not there any more is counted. */
  @Test
  void fetchesWhatALetterOnlyPointsTo() throws Exception {
    Topics topics = topics("pointer.");
    ProducerRecord<byte[], byte[]> original =
        new ProducerRecord<>(topics.prompts(), new byte[] {5}, new byte[] {6});
    original.headers().add("tenant", "acme".getBytes(UTF_8)).add("other", new byte[0]);
    records.send(List.of(original));
    ProducerRecord<byte[], byte[]> pointer = letter(topics, 0, "terminal", null, null);
    pointer.headers().add("millrace.value.omitted", "too large".getBytes(UTF_8));
    ProducerRecord<byte[], byte[]> lost = letter(topics, 77, "terminal", null, null);
    lost.headers().add("millrace.value.omitted", "too large".getBytes(UTF_8));
    records.send(List.of(pointer, lost));

    assertThat(run(topics, Kind.TERMINAL, line -> {})).isEqualTo(new Outcome(1, 0, 0, 1, 0));
    ConsumerRecord<byte[], byte[]> sent = records.committed(topics.prompts()).get(1);
    assertThat(sent.key()).isEqualTo(new byte[] {5});
    assertThat(sent.value()).isEqualTo(new byte[] {6});
    assertThat(names(sent)).containsExactlyInAnyOrder("tenant", "millrace.replay");
  }

  @Test
  void aDryRunSendsAndRemembersNothing() throws Exception {
    Topics topics = topics("dry.");
    records.send(List.of(letter(topics, 0, "retryable", null, new byte[1])));
    for (int i = 0; i < 2; i++) {
      List<String> told = new ArrayList<>();
      try (Replay replay = replay(topics, Kind.RETRYABLE, true)) {
        assertThat(replay.run(told::add).sent()).isEqualTo(1);
      }
      assertThat(told).hasSize(1);
    }
    assertThat(records.committed(topics.prompts())).isEmpty();
    assertThat(run(topics, Kind.RETRYABLE, line -> {}).sent()).isEqualTo(1);
  }

  @Test
  void aRunThatDiesHalfWayIsGoneOnWith() throws Exception {
    Topics topics = topics("dies.");
    List<ProducerRecord<byte[], byte[]>> letters = letters(topics, 1_200);
    records.send(letters);

    try (Replay replay = replay(topics, Kind.RETRYABLE, false)) {
      assertThatThrownBy(
              () ->
                  replay.run(
                      line -> {
                        throw new IllegalStateException("killed");
                      }))
          .hasMessage("killed");
    }
    int before = records.committed(topics.prompts()).size();
    assertThat(before).isBetween(1, letters.size() - 1);
    assertThat(run(topics, Kind.RETRYABLE, line -> {}).sent()).isEqualTo(letters.size() - before);
    assertEachOnce(topics, letters.size());
  }

  @Test
  void ofTwoRunsAtOnceTheLaterTakesOver() throws Exception {
    Topics topics = topics("two.");
    records.send(letters(topics, 1_200));
    boolean[] begun = new boolean[1];
    try (Replay first = replay(topics, Kind.RETRYABLE, false)) {
      assertThatThrownBy(
              () ->
                  first.run(
                      line -> {
                        if (!begun[0]) {
                          begun[0] = true;
                          runUnchecked(topics);
                        }
                      }))
          .isInstanceOf(IOException.class)
          .hasMessage("another replay has begun and goes on from where this one was");
    }
    assertEachOnce(topics, 1_200);
  }

  @Test
  void passesOverWhatIsNoDeadLetter() throws Exception {
    Topics topics = topics("other.");
    ProducerRecord<byte[], byte[]> nowhere = letter(topics, 0, "retryable", null, new byte[1]);
    nowhere.headers().remove("__connect.errors.partition");
    nowhere.headers().add("__connect.errors.partition", "here".getBytes(UTF_8));
    records.send(List.of(new ProducerRecord<>(topics.deadLetters(), new byte[1]), nowhere));

    assertThat(run(topics, Kind.RETRYABLE, line -> {})).isEqualTo(new Outcome(0, 0, 0, 0, 2));
  }

  private void assertEachOnce(Topics topics, int count) {
    Map<String, Long> sent =
        records.committed(topics.prompts()).stream()
            .collect(
                Collectors.groupingBy(
                    record -> new String(record.value(), UTF_8),
                    TreeMap::new,
                    Collectors.counting()));
    assertThat(sent).hasSize(count).allSatisfy((value, times) -> assertThat(times).isOne());
  }

  private static List<ProducerRecord<byte[], byte[]>> letters(Topics topics, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> letter(topics, i, "retryable", null, ("prompt " + i).getBytes(UTF_8)))
        .toList();
  }

  private void runUnchecked(Topics topics) {
    try {
      run(topics, Kind.RETRYABLE, line -> {});
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private Outcome run(Topics topics, Kind kind, Consumer<String> told) throws IOException {
    try (Replay replay = replay(topics, kind, false)) {
      return replay.run(told);
    }
  }

  private Replay replay(Topics topics, Kind kind, boolean dryRun) {
    return new Replay(
        KafkaConnection.plaintext(kafka.bootstrapServers()),
        topics.deadLetters(),
        topics.prompts(),
        kind,
        3,
        dryRun,
        () -> NOW_MS);
  }

  private Topics topics(String prefix) {
    Topics topics = new Topics(prefix);
    kafka.topics().create(Map.of(topics.prompts(), 1, topics.deadLetters(), 1));
    return topics;
  }

  private static ProducerRecord<byte[], byte[]> letter(
      Topics topics, long offset, String kind, byte[] key, byte[] value) {
    ProducerRecord<byte[], byte[]> letter =
        new ProducerRecord<>(topics.deadLetters(), 0, key, value);
    Map.of(
            "__connect.errors.topic",
            topics.prompts(),
            "__connect.errors.partition",
            "0",
            "__connect.errors.offset",
            Long.toString(offset),
            "__connect.errors.exception.class.name",
            "engine_error",
            "millrace.error.kind",
            kind)
        .forEach((name, text) -> letter.headers().add(name, text.getBytes(UTF_8)));
    return letter;
  }

  private static List<String> names(ConsumerRecord<byte[], byte[]> record) {
    List<String> names = new ArrayList<>();
    record.headers().forEach(header -> names.add(header.key()));
    return names;
  }

  private static String replays(ConsumerRecord<byte[], byte[]> record) {
    Header header = record.headers().lastHeader("millrace.replay");
    return header == null ? null : new String(header.value(), UTF_8);
  }
}
