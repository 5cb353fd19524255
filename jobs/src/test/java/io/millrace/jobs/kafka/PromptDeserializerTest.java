package io.millrace.jobs.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

class PromptDeserializerTest {
  private final RecordHeaders headers = new RecordHeaders();

  @Test
  void takesARecordAsItIs() {
    headers.add("tenant", "acm\u00e9".getBytes(UTF_8));
    headers.add("traceparent", "00-a-b-01".getBytes(UTF_8));
    headers.add("deadline", "1700000000000".getBytes(UTF_8));
    headers.add("other", "x".getBytes(UTF_8));
    byte[] key = {1, (byte) 0xff};
    byte[] value = {0, 2};

    assertThat(deserialize(key, value))
        .usingRecursiveComparison()
        .isEqualTo(
            new PromptRecord("t", 3, 4, 5, key, value, "acm\u00e9", "00-a-b-01", "1700000000000"));
  }

  @Test
  void takesARecordWithNothingInIt() {
    assertThat(deserialize(null, null))
        .isEqualTo(new PromptRecord("t", 3, 4, 5, null, null, null, null, null));
  }

  @Test
  void countsHowOftenAPromptWasSentAgain() {
    assertThat(deserialize(null, null).replays()).isZero();
    for (String nonsense : List.of("", "x", "-1", "1e3", "1000", "\u0661")) {
      headers.add("millrace.replay", nonsense.getBytes(UTF_8));
      assertThat(deserialize(null, null).replays()).as(nonsense).isZero();
    }
    headers.add("millrace.replay", "12".getBytes(UTF_8));
    assertThat(deserialize(null, null).replays()).isEqualTo(12);
  }

  @Test
  void namesARequestByItsPosition() {
    assertThat(deserialize(null, null).requestId()).isEqualTo("t-3-4");
  }

  @Test
  void takesTheLastOfEqualHeaders() {
    headers.add("tenant", "first".getBytes(UTF_8));
    headers.add("tenant", "last".getBytes(UTF_8));
    assertThat(deserialize(null, null).tenant()).isEqualTo("last");
  }

  @Test
  void survivesHostileHeaders() {
    headers.add("tenant", null);
    headers.add("traceparent", new byte[0]);
    headers.add("deadline", new byte[] {(byte) 0xc3, 0x28, (byte) 0xff, 0});

    PromptRecord record = deserialize(null, null);
    assertThat(record.tenant()).isNull();
    assertThat(record.traceparent()).isEmpty();
    assertThat(record.deadline()).contains("\ufffd");
  }

  /** A tenant or deadline that is only cut must not become a valid one. */
  @Test
  void cutsHugeHeadersToWhatAdmissionRefuses() {
    byte[] huge = "\ud83d\ude00".repeat(100_000).getBytes(UTF_8);
    headers.add("tenant", huge);
    headers.add("traceparent", huge);
    headers.add("deadline", "0".repeat(100_000).getBytes(UTF_8));

    PromptRecord record = deserialize(null, null);
    assertThat(record.tenant()).hasSizeBetween(257, 2048);
    assertThat(record.traceparent()).isNull();
    assertThat(record.deadline()).hasSizeBetween(33, 2048);
  }

  private PromptRecord deserialize(byte[] key, byte[] value) {
    ConsumerRecord<byte[], byte[]> record =
        new ConsumerRecord<>(
            "t", 3, 4, 5, TimestampType.CREATE_TIME, 0, 0, key, value, headers, Optional.empty());
    List<PromptRecord> out = new ArrayList<>();
    new PromptDeserializer().deserialize(record, new ListCollector<>(out));
    assertThat(out).hasSize(1);
    return out.get(0);
  }
}
