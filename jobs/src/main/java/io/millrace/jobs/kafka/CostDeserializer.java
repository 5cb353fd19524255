package io.millrace.jobs.kafka;

import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.Framing;
import io.millrace.schemas.FramingException;
import io.millrace.schemas.PlainJson;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.metrics.Counter;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads rows of costs, plain JSON or framed Avro. What is no such row is counted and left out. */
final class CostDeserializer implements KafkaRecordDeserializationSchema<CostEvent> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(CostDeserializer.class);

  private transient AvroCodec<CostEvent> avro;
  private transient Counter unreadable;

  @Override
  public void open(InitializationContext context) {
    avro = new AvroCodec<>(CostEvent.class);
    unreadable = context.getMetricGroup().counter("unreadableRows");
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<CostEvent> out) {
    byte[] value = record.value();
    if (value == null) {
      return;
    }
    try {
      out.collect(
          Framing.of(value) == Framing.JSON
              ? PlainJson.read(value, CostEvent.class)
              : avro.decode(value));
    } catch (FramingException e) {
      if (unreadable.getCount() == 0) {
        LOG.warn(
            "{}-{}-{} is no row of costs; more are only counted: {}",
            record.topic(),
            record.partition(),
            record.offset(),
            e.getMessage());
      }
      unreadable.inc();
    }
  }

  @Override
  public TypeInformation<CostEvent> getProducedType() {
    return new AvroTypeInfo<>(CostEvent.class);
  }
}
