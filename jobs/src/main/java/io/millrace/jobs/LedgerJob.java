package io.millrace.jobs;

import io.millrace.jobs.kafka.KafkaAccess;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.ledger.LedgerOptions;
import io.millrace.jobs.ledger.LedgerRow;
import io.millrace.jobs.ledger.LedgerRows;
import io.millrace.jobs.ledger.LedgerSink;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what everything cost, as files.
 *
 * <pre>
 *   costs ──> rows, without heartbeats ──> ledger: Arrow files, one a checkpoint and day
 * </pre>
 */
public final class LedgerJob {
  private static final Logger LOG = LoggerFactory.getLogger(LedgerJob.class);

  private LedgerJob() {}

  /**
   * Lays the job's graph.
   *
   * @throws IllegalArgumentException naming an option that is wrong
   */
  public static void define(
      StreamExecutionEnvironment env,
      Source<LedgerRow, ?, ?> costs,
      Sink<LedgerRow> ledger,
      Configuration options) {
    MillraceOptions.validate(options);
    env.setRuntimeMode(RuntimeExecutionMode.STREAMING);
    env.setMaxParallelism(options.get(MillraceOptions.MAX_PARALLELISM));
    env.configure(
        new Configuration()
            // A file a checkpoint: as far apart as rows may come late.
            .set(CheckpointingOptions.CHECKPOINTING_INTERVAL, options.get(LedgerOptions.INTERVAL))
            .set(PipelineOptions.GENERIC_TYPES, false)
            .set(PipelineOptions.AUTO_GENERATE_UIDS, false));

    env.fromSource(costs, WatermarkStrategy.noWatermarks(), "costs")
        .uid("costs")
        .filter(new LedgerRows())
        .name("rows")
        .uid("rows")
        .sinkTo(ledger)
        .name("ledger")
        .uid("ledger");
  }

  /**
   * Runs the job on the cluster that it is submitted to: {@code --config DIR}, {@code -Dkey=value}.
   */
  public static void main(String[] args) throws Exception {
    Configuration options = JobArguments.parse(args);
    MillraceOptions.validate(options);
    MillraceOptions.describe(options).forEach(LOG::info);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    if (options.get(MillraceOptions.KAFKA_ACCESS_CHECK)) {
      KafkaAccess.requireForLedger(options);
    }
    define(env, new KafkaEndpoints(options).ledgerRows(), new LedgerSink(options), options);
    env.execute("millrace-ledger");
  }
}
