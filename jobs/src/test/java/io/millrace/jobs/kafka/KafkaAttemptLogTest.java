package io.millrace.jobs.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.engine.remote.Attempt;
import io.millrace.jobs.MillraceOptions.RecordFormat;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class KafkaAttemptLogTest {
  private static final Attempt ATTEMPT =
      new Attempt("prompts-2-7/1", 3, "default", "openai", "gpt-4o", 1_000, 250, 64);

  private final MockProducer<byte[], byte[]> producer =
      new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer());

  @Test
  void aNoteIsSafeOnceItIsAcknowledged() throws Exception {
    try (KafkaAttemptLog log = new KafkaAttemptLog(producer, "attempts", RecordFormat.JSON)) {
      CompletableFuture<Void> safe = log.record(ATTEMPT);
      while (producer.history().isEmpty()) {
        Thread.onSpinWait();
      }
      assertThat(safe).isNotDone();
      producer.completeNext();
      safe.get();

      ProducerRecord<byte[], byte[]> record = producer.history().get(0);
      assertThat(record.topic()).isEqualTo("attempts");
      assertThat(new String(record.key(), StandardCharsets.UTF_8)).isEqualTo("prompts-2-7");
      JsonNode value = new ObjectMapper().readTree(record.value());
      assertThat(value.path("request_id").asText()).isEqualTo("prompts-2-7");
      assertThat(value.path("choice").asInt()).isEqualTo(1);
      assertThat(value.path("attempt").asInt()).isEqualTo(3);
      assertThat(value.path("remote_model").asText()).isEqualTo("gpt-4o");
    }
  }

  @Test
  void aNoteThatIsNotTakenFails() {
    KafkaAttemptLog log = new KafkaAttemptLog(producer, "attempts", RecordFormat.AVRO);
    CompletableFuture<Void> unsafe = log.record(ATTEMPT);
    while (!producer.errorNext(new TimeoutException("no broker"))) {
      Thread.onSpinWait();
    }
    assertThatThrownBy(unsafe::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(TimeoutException.class);
    log.close();
    assertThat(log.record(ATTEMPT)).isCompletedExceptionally();
    assertThat(producer.closed()).isTrue();
  }
}
