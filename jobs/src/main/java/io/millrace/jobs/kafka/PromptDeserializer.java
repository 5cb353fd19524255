package io.millrace.jobs.kafka;

import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** Takes a record as it is. Whatever it holds, this cannot fail. */
public final class PromptDeserializer implements KafkaRecordDeserializationSchema<PromptRecord> {
  private static final long serialVersionUID = 1L;

  /**
   * A longer header is cut. That leaves it longer than any tenant or deadline may be: a prompt that
   * names a tenant is refused, and not charged to another.
   */
  private static final int HEADER_BYTES_MAX = 2048;

  private static final int TRACEPARENT_LENGTH_MAX = 256;

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<PromptRecord> out) {
    out.collect(
        new PromptRecord(
            record.topic(),
            record.partition(),
            record.offset(),
            record.timestamp(),
            record.key(),
            record.value(),
            header(record, "tenant"),
            traceparent(record),
            header(record, "deadline"),
            Replays.count(record.headers())));
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    if (header == null || header.value() == null) {
      return null;
    }
    byte[] value = header.value();
    return new String(value, 0, Math.min(value.length, HEADER_BYTES_MAX), StandardCharsets.UTF_8);
  }

  /** Who cannot read a trace's context starts a new trace. */
  private static String traceparent(ConsumerRecord<byte[], byte[]> record) {
    String traceparent = header(record, "traceparent");
    return traceparent == null || traceparent.length() > TRACEPARENT_LENGTH_MAX
        ? null
        : traceparent;
  }

  @Override
  public TypeInformation<PromptRecord> getProducedType() {
    return TypeInformation.of(PromptRecord.class);
  }
}
