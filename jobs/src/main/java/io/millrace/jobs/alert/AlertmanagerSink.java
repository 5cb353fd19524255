package io.millrace.jobs.alert;

import io.millrace.schemas.Anomaly;
import java.time.InstantSource;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.metrics.MetricGroup;

/**
 * Sends anomalies to an Alertmanager as they are found, and not when they are committed: at most
 * once, and again after a restart from before them, which Alertmanager takes for the same alert. It
 * has no state, and never holds the job up.
 */
public final class AlertmanagerSink implements Sink<Anomaly> {
  private static final long serialVersionUID = 1L;

  private final AlertmanagerTarget target;

  public AlertmanagerSink(AlertmanagerTarget target) {
    this.target = target;
  }

  @Override
  public SinkWriter<Anomaly> createWriter(WriterInitContext context) {
    return new Writer(new AlertPush(target, InstantSource.system()), context.metricGroup());
  }

  private static final class Writer implements SinkWriter<Anomaly> {
    private final AlertPush push;

    Writer(AlertPush push, MetricGroup group) {
      this.push = push;
      group.gauge("alertsSent", push::sent);
      group.gauge("alertsDropped", push::dropped);
    }

    @Override
    public void write(Anomaly anomaly, Context context) {
      push.offer(anomaly);
    }

    @Override
    public void flush(boolean endOfInput) {
      // A checkpoint waits for no Alertmanager.
    }

    @Override
    public void close() throws InterruptedException {
      push.close();
    }
  }
}
