package io.millrace.jobs;

import io.millrace.jobs.alert.AlertmanagerSink;
import io.millrace.jobs.anomaly.Anomalies;
import io.millrace.jobs.kafka.KafkaAccess;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.CostEvent;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches what requests cost, and says what is not as it was.
 *
 * <pre>
 *   costs ──> windows by tenant and model ──> watches ──> anomalies
 *                                                └─────> Alertmanager, where one is named
 * </pre>
 */
public final class AnomalyJob {
  private static final Logger LOG = LoggerFactory.getLogger(AnomalyJob.class);

  private AnomalyJob() {}

  /**
   * Lays the job's graph.
   *
   * @throws IllegalArgumentException naming an option that is wrong
   */
  public static void define(
      StreamExecutionEnvironment env,
      Source<CostEvent, ?, ?> costs,
      Sink<Anomaly> anomalies,
      Configuration options) {
    MillraceOptions.validate(options);
    env.setRuntimeMode(RuntimeExecutionMode.STREAMING);
    env.setMaxParallelism(options.get(MillraceOptions.MAX_PARALLELISM));
    env.configure(
        new Configuration()
            .set(PipelineOptions.OBJECT_REUSE, true) // nothing here keeps a row
            .set(PipelineOptions.GENERIC_TYPES, false)
            .set(PipelineOptions.AUTO_GENERATE_UIDS, false));

    WatermarkStrategy<CostEvent> time =
        WatermarkStrategy.<CostEvent>forBoundedOutOfOrderness(
                options.get(MillraceOptions.ANOMALY_OUT_OF_ORDER_MAX))
            .withTimestampAssigner((row, kafka) -> row.getEventTime().toEpochMilli())
            .withIdleness(options.get(MillraceOptions.ANOMALY_WINDOW));
    DataStream<Anomaly> found =
        Anomalies.of(
            env.fromSource(costs, time, "costs").uid("costs"),
            options.get(MillraceOptions.ANOMALY_WINDOW),
            options.get(MillraceOptions.ANOMALY_COST_MIN_USD),
            options.get(MetricsOptions.TENANTS_MAX));
    found.sinkTo(anomalies).name("anomalies").uid("anomalies");
    AlertmanagerOptions.target(options)
        .ifPresent(
            target ->
                found
                    .sinkTo(new AlertmanagerSink(target))
                    .name("alertmanager")
                    .uid("alertmanager"));
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
      KafkaAccess.requireForAnomalies(options);
    }
    KafkaEndpoints kafka = new KafkaEndpoints(options);
    define(env, kafka.costs(), kafka.anomalies(), options);
    env.execute("millrace-anomaly");
  }
}
