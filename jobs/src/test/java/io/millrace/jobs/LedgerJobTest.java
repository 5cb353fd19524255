package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.embedded.DataDirectory;
import io.millrace.jobs.embedded.EmbeddedFlink;
import io.millrace.jobs.embedded.EmbeddedFlinkConfig;
import io.millrace.jobs.embedded.EmbeddedKafka;
import io.millrace.jobs.embedded.JobHandle;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.kafka.Topics;
import io.millrace.jobs.ledger.Compaction;
import io.millrace.jobs.ledger.FailingLedgerSink;
import io.millrace.jobs.ledger.LedgerFiles;
import io.millrace.jobs.ledger.LedgerOptions;
import io.millrace.jobs.ledger.LedgerRow;
import io.millrace.jobs.ledger.LedgerSums;
import io.millrace.jobs.ledger.SampleRows;
import io.millrace.jobs.testing.TopicRecords;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.PlainJson;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a topic of costs to files, over crashes before, in and after a commit. */
class LedgerJobTest {
  private static final Duration MAX = Duration.ofMinutes(2);
  private static final int BURST = 150;

  private final AvroCodec<CostEvent> avro = new AvroCodec<>(CostEvent.class);
  private final SampleRows samples = new SampleRows(4);

  @Test
  void theLedgerHoldsTheTopicsRowsOnceWhateverBreaks(@TempDir Path directory) throws Exception {
    Path ledger = directory.resolve("ledger");
    Topics topics = new Topics("t.");
    try (DataDirectory data = DataDirectory.open(directory.resolve("data"));
        EmbeddedKafka kafka = EmbeddedKafka.start(data.kafka(), 0);
        EmbeddedFlink flink =
            EmbeddedFlink.start(EmbeddedFlinkConfig.in(data).withTaskManagers(1, 1))) {
      kafka.topics().create(Map.of(topics.costs(), 1), Map.of());
      TopicRecords records = new TopicRecords(kafka.bootstrapServers());
      Configuration options =
          new Configuration()
              .set(MillraceOptions.KAFKA_BOOTSTRAP, kafka.bootstrapServers())
              .set(MillraceOptions.TOPIC_PREFIX, topics.prefix())
              .set(LedgerOptions.DIRECTORY, ledger.toString())
              .set(LedgerOptions.INTERVAL, Duration.ofMillis(200))
              .set(LedgerOptions.FILE_ROWS_MAX, 40);
      FailingLedgerSink.failures(2);

      records.send(burst(topics));
      JobHandle job = flink.submit(job(flink, options));
      awaitRows(job, ledger, records, topics);
      assertThat(FailingLedgerSink.failures()).as("commits that failed").isZero();
      records.send(burst(topics));
      flink.terminateTaskManager(0);
      flink.startTaskManager();
      records.send(burst(topics));
      awaitRows(job, ledger, records, topics);
      assertThat(job.restarts()).isGreaterThanOrEqualTo(3);

      assertThat(new Compaction(ledger).before(SampleRows.DAY.plusDays(1))).hasSize(1);
      records.send(burst(topics));
      String savepoint = job.suspend(data.savepoints(), MAX);
      job = flink.resumeFrom(job(flink, options), savepoint);
      awaitRows(job, ledger, records, topics);
      assertThat(LedgerFiles.in(ledger, null, null))
          .extracting(LedgerFiles.File::format)
          .contains(LedgerFiles.Format.ARROW, LedgerFiles.Format.PARQUET);
      job.cancel(MAX);
    }
  }

  private static StreamExecutionEnvironment job(EmbeddedFlink flink, Configuration options) {
    StreamExecutionEnvironment env = flink.environment("ledger");
    LedgerJob.define(
        env, new KafkaEndpoints(options).ledgerRows(), new FailingLedgerSink(options), options);
    return env;
  }

  /** Waits for as many rows as the topic has, and compares every value of every row. */
  private static void awaitRows(JobHandle job, Path ledger, TopicRecords records, Topics topics)
      throws Exception {
    List<LedgerRow> rows = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : records.committed(topics.costs())) {
      CostEvent event =
          record.value()[0] == '{'
              ? PlainJson.read(record.value(), CostEvent.class)
              : new AvroCodec<>(CostEvent.class).decode(record.value());
      if (event.getKind() != CostKind.heartbeat) {
        rows.add(new LedgerRow(record.partition(), record.offset(), event));
      }
    }
    long begin = System.nanoTime();
    while (LedgerSums.rows(ledger) < rows.size() && System.nanoTime() - begin < MAX.toNanos()) {
      job.awaitCheckpoints(1, MAX);
    }
    LedgerSums.assertHolds(ledger, rows);
  }

  /** Of two days and both formats, with heartbeats between. */
  private List<ProducerRecord<byte[], byte[]>> burst(Topics topics) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int i = 0; i < BURST; i++) {
      LocalDate day = SampleRows.DAY.plusDays(i % 3 == 0 ? 1 : 0);
      CostEvent row =
          i % 10 == 0
              ? CostEvent.newBuilder()
                  .setKind(CostKind.heartbeat)
                  .setEventTime(Instant.parse("2026-11-25T00:00:00Z"))
                  .build()
              : samples.event(day);
      byte[] value = i % 2 == 0 ? PlainJson.write(row) : avro.encode(row);
      records.add(new ProducerRecord<>(topics.costs(), value));
    }
    return records;
  }
}
