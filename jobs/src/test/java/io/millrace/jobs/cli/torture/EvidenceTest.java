package io.millrace.jobs.cli.torture;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.kafka.Topics;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.PlainJson;
import io.millrace.schemas.ResponseFinishReason;
import io.millrace.schemas.TokenEvent;
import java.time.Instant;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** What must not escape a torture: each fault is put on the topics here, and is counted. */
class EvidenceTest {
  private static final Topics TOPICS = new Topics("t.");

  private final Evidence evidence = new Evidence(TOPICS);

  @Test
  void aRunWithoutFaults() throws Exception {
    answer("a-0-0", "p0", "hello", 2);
    token("a-0-0", 0, 10);
    token("a-0-0", 1, 20);
    cost(1000, 0, 2);

    assertThat(evidence.settled()).isEqualTo(1);
    assertThat(evidence.answers()).isEqualTo(1);
    assertThat(evidence.lost(Set.of("a-0-0"))).isZero();
    assertThat(evidence.duplicates()).isZero();
    assertThat(evidence.tokensTwice()).isZero();
    assertThat(evidence.tokensMissing()).isZero();
    assertThat(evidence.newestTokenMillis()).isEqualTo(20);
    CostEvent idle =
        CostEvent.newBuilder()
            .setKind(CostKind.idle)
            .setModel("default")
            .setDeviceNanos(5_000_000_000L)
            .setEventTime(Instant.ofEpochMilli(1))
            .build();
    evidence.read(record(TOPICS.costs(), null, null, PlainJson.write(idle)));
    assertThat(evidence.ledgerUsd()).isEqualByComparingTo("0.0001512");
  }

  @Test
  void countsWhatIsLostAndWhatCameTwice() throws Exception {
    answer("a-0-0", "p0", "x", 1);
    answer("a-0-0", "p0", "x", 1);
    deadLetter(0, 1);
    deadLetter(0, 1);

    assertThat(evidence.lost(Set.of("a-0-0", "a-0-1", "a-0-2"))).isEqualTo(1);
    assertThat(evidence.duplicates()).isEqualTo(2);
    assertThat(evidence.answers()).isEqualTo(2);
    assertThat(evidence.deadLetters()).isEqualTo(2);
    assertThat(evidence.settled()).isEqualTo(2);
  }

  @Test
  void countsTokensThatCameTwiceAndTokensThatDidNotCome() throws Exception {
    answer("a-0-0", "p0", "x", 200);
    for (int i = 0; i < 199; i++) {
      token("a-0-0", i, i);
    }
    assertThat(evidence.tokensTwice()).isZero();
    assertThat(evidence.tokensMissing()).isEqualTo(1);
    token("a-0-0", 100, 300);
    assertThat(evidence.tokensTwice()).isEqualTo(1);
    assertThat(evidence.tokensMissing()).isEqualTo(1);
  }

  @Test
  void anAnswerThatWentOnHasTokensFromBeforeAndAfter() throws Exception {
    token("a-0-0", 0, 10);
    token("a-0-0", 1, 11);
    token("a-0-0", 2, 20);

    assertThat(evidence.doneWhenItWentOn("a-0-0", 11)).isEqualTo(2);
    assertThat(evidence.doneWhenItWentOn("a-0-0", 20)).as("it had ended").isZero();
    assertThat(evidence.doneWhenItWentOn("a-0-0", 9)).as("it began anew").isZero();
    assertThat(evidence.doneWhenItWentOn("a-0-1", 11)).as("unknown").isZero();
  }

  @Test
  void comparesTextsAndLedgers() throws Exception {
    answer("a-0-0", "p0", "same", 1);
    answer("a-0-1", "p1", "one", 1);
    answer("a-0-2", "p2", "only here", 1);
    cost(10, 5, 1);
    Evidence other = new Evidence(TOPICS);
    other.read(record(TOPICS.responses(), "b-0-0", "p0", body("same", 1)));
    other.read(record(TOPICS.responses(), "b-0-1", "p1", body("another", 1)));

    assertThat(evidence.textDifferences(other)).isEqualTo(1);
    assertThat(evidence.ledgerUsd().subtract(other.ledgerUsd())).isEqualByComparingTo("0.00000285");
  }

  @Test
  void knowsWhichAnswersAreBeingWritten() throws Exception {
    AnswersInProgress inProgress = new AnswersInProgress();
    inProgress.read(tokenRecord("a-0-0", 0, 1, null));
    inProgress.read(tokenRecord("a-0-1", 0, 1, null));
    inProgress.read(tokenRecord("a-0-1", 1, 1, ResponseFinishReason.stop));

    assertThat(inProgress.take()).containsExactly("a-0-0");
    assertThat(inProgress.take()).isEmpty();
  }

  private void answer(String id, String customId, String text, int tokens) throws Exception {
    evidence.read(record(TOPICS.responses(), id, customId, body(text, tokens)));
  }

  private static byte[] body(String text, int tokens) {
    return ("{\"choices\":[{\"message\":{\"content\":\""
            + text
            + "\"}}],\"usage\":{\"completion_tokens\":"
            + tokens
            + "}}")
        .getBytes(UTF_8);
  }

  private void deadLetter(int partition, long offset) throws Exception {
    ConsumerRecord<byte[], byte[]> record = record(TOPICS.deadLetters(), null, null, new byte[0]);
    record.headers().add("__connect.errors.topic", "a".getBytes(UTF_8));
    record
        .headers()
        .add("__connect.errors.partition", Integer.toString(partition).getBytes(UTF_8))
        .add("__connect.errors.offset", Long.toString(offset).getBytes(UTF_8));
    evidence.read(record);
  }

  private void token(String id, int index, long millis) throws Exception {
    evidence.read(tokenRecord(id, index, millis, null));
  }

  private static ConsumerRecord<byte[], byte[]> tokenRecord(
      String id, int index, long millis, ResponseFinishReason end) {
    TokenEvent event =
        TokenEvent.newBuilder()
            .setRequestId(id)
            .setIndex(index)
            .setTokenId(7)
            .setFinishReason(end)
            .setTime(Instant.ofEpochMilli(millis))
            .build();
    return record(TOPICS.tokens(), null, null, PlainJson.write(event));
  }

  private void cost(long fresh, long cached, long output) throws Exception {
    CostEvent row =
        CostEvent.newBuilder()
            .setEventTime(Instant.ofEpochMilli(1))
            .setFreshTokens(fresh)
            .setCachedTokens(cached)
            .setOutputTokens(output)
            .build();
    evidence.read(record(TOPICS.costs(), null, null, PlainJson.write(row)));
  }

  private static ConsumerRecord<byte[], byte[]> record(
      String topic, String requestId, String customId, byte[] value) {
    ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(topic, 0, 0, null, value);
    if (requestId != null) {
      record.headers().add("millrace.request-id", requestId.getBytes(UTF_8));
      record.headers().add("millrace.custom-id", customId.getBytes(UTF_8));
    }
    return record;
  }
}
