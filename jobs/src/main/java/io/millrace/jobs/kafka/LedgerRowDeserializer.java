package io.millrace.jobs.kafka;

import io.millrace.jobs.ledger.LedgerRow;
import io.millrace.schemas.CostEvent;
import java.io.Serial;
import java.util.Map;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Reads rows of costs as {@link CostDeserializer} does, and notes where they stand. */
final class LedgerRowDeserializer implements KafkaRecordDeserializationSchema<LedgerRow> {
  @Serial private static final long serialVersionUID = 1L;

  private final CostDeserializer rows = new CostDeserializer();

  @Override
  public void open(InitializationContext context) {
    rows.open(context);
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<LedgerRow> out) {
    rows.deserialize(
        record,
        new Collector<>() {
          @Override
          public void collect(CostEvent event) {
            out.collect(new LedgerRow(record.partition(), record.offset(), event));
          }

          @Override
          public void close() {}
        });
  }

  @Override
  public TypeInformation<LedgerRow> getProducedType() {
    return Types.POJO(
        LedgerRow.class,
        Map.of(
            "costsPartition",
            Types.INT,
            "costsOffset",
            Types.LONG,
            "event",
            new AvroTypeInfo<>(CostEvent.class)));
  }
}
