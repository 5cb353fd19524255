package io.millrace.jobs.anomaly;

import io.millrace.schemas.Anomaly;
import io.millrace.schemas.CostEvent;
import java.time.Duration;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.datastream.DataStream;

/** From rows of costs to anomalies. */
public final class Anomalies {
  private Anomalies() {}

  /**
   * @param costs with timestamps and watermarks
   * @param window of event time that is judged as one
   * @param costUsdMin windows that cost less are never a spike, USD
   * @param tenantsMax tenants that metrics name
   */
  public static DataStream<Anomaly> of(
      DataStream<CostEvent> costs, Duration window, double costUsdMin, int tenantsMax) {
    return costs
        .<CostSample>flatMap(
            (row, out) -> {
              CostSample sample = CostSample.of(row);
              if (sample != null) {
                out.collect(sample);
              }
            })
        .returns(TypeInformation.of(CostSample.class))
        .name("samples")
        .uid("samples")
        .keyBy(CostSample::key)
        .process(
            new AnomalyFunction(window.toMillis(), costUsdMin, tenantsMax),
            new AvroTypeInfo<>(Anomaly.class))
        .name("watches")
        .uid("watches");
  }
}
