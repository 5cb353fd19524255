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

  /** A header longer than this is as good as none. */
  private static final int HEADER_BYTES_MAX = 1024;

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
            header(record, "traceparent"),
            header(record, "deadline")));
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    if (header == null || header.value() == null || header.value().length > HEADER_BYTES_MAX) {
      return null;
    }
    return new String(header.value(), StandardCharsets.UTF_8);
  }

  @Override
  public TypeInformation<PromptRecord> getProducedType() {
    return TypeInformation.of(PromptRecord.class);
  }
}
