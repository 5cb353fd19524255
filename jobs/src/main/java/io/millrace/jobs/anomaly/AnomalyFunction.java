package io.millrace.jobs.anomaly;

import io.millrace.jobs.metrics.AnomalyRecorder;
import io.millrace.schemas.Anomaly;
import java.time.Duration;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Sums the rows of each tenant and model by windows of event time, and judges each window once the
 * watermark has passed it, also empty ones: a timer stands at the next window's end as long as a
 * key is known. Two states of bytes a key: the windows that are open, each touched by its rows, and
 * what was learnt, touched once a window.
 */
final class AnomalyFunction extends KeyedProcessFunction<String, CostSample, Anomaly> {
  private static final long serialVersionUID = 1L;

  /** A key without rows for so many windows is forgotten. */
  static final int EMPTY_WINDOWS_MAX = 240;

  /**
   * Rows further ahead of the watermark are left out, and counted: it bounds the open windows. A
   * partition that is read before the others may be ahead by hours, in a replay.
   */
  static final Duration AHEAD_MAX = Duration.ofDays(1);

  private final long windowMs;
  private final double costUsdMin;
  private final int tenantsMax;

  private transient MapState<Long, byte[]> windows;
  private transient ValueState<byte[]> learnt;
  private transient Counter late;
  private transient Counter ahead;
  private transient AnomalyRecorder metrics;

  /**
   * @param costUsdMin windows that cost less are never a spike, USD
   * @param tenantsMax tenants that metrics name
   */
  AnomalyFunction(long windowMs, double costUsdMin, int tenantsMax) {
    this.windowMs = windowMs;
    this.costUsdMin = costUsdMin;
    this.tenantsMax = tenantsMax;
  }

  @Override
  public void open(OpenContext context) {
    PrimitiveArrayTypeInfo<byte[]> bytes = PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
    windows =
        getRuntimeContext().getMapState(new MapStateDescriptor<>("windows", Types.LONG, bytes));
    learnt = getRuntimeContext().getState(new ValueStateDescriptor<>("learnt", bytes));
    late = getRuntimeContext().getMetricGroup().counter("lateRows");
    ahead = getRuntimeContext().getMetricGroup().counter("rowsTooFarAhead");
    metrics = new AnomalyRecorder(getRuntimeContext().getMetricGroup(), tenantsMax);
  }

  @Override
  public void processElement(CostSample sample, Context context, Collector<Anomaly> out)
      throws Exception {
    long start = Math.floorDiv(sample.timeMs(), windowMs) * windowMs;
    long last = start + windowMs - 1;
    long watermark = context.timerService().currentWatermark();
    if (last <= watermark) {
      late.inc();
      return;
    }
    if (watermark != Long.MIN_VALUE && last - watermark > AHEAD_MAX.toMillis() + windowMs) {
      ahead.inc();
      return;
    }
    byte[] bytes = windows.get(start);
    WindowTotals totals = bytes == null ? new WindowTotals(start) : WindowTotals.ofBytes(bytes);
    totals.add(sample);
    windows.put(start, totals.toBytes());
    if (bytes == null) {
      context.timerService().registerEventTimeTimer(last);
    }
  }

  @Override
  public void onTimer(long last, OnTimerContext context, Collector<Anomaly> out) throws Exception {
    long start = last + 1 - windowMs;
    byte[] window = windows.get(start);
    byte[] before = learnt.value();
    KeyWatch watch = keyWatch(context.getCurrentKey(), before);
    WindowTotals totals = window == null ? new WindowTotals(start) : WindowTotals.ofBytes(window);
    watch.judge(
        totals,
        windowMs,
        anomaly -> {
          out.collect(anomaly);
          metrics.emitted(anomaly);
        });
    watch.tell(metrics);
    windows.remove(start);
    if (watch.emptyWindows() >= EMPTY_WINDOWS_MAX && windows.isEmpty()) {
      learnt.clear();
      return;
    }
    learnt.update(watch.toBytes());
    // Time that ends, as when a job is drained, brings no empty windows.
    if (context.timerService().currentWatermark() != Long.MAX_VALUE) {
      context.timerService().registerEventTimeTimer(last + windowMs);
    }
  }

  private KeyWatch keyWatch(String key, byte[] bytes) {
    KeyWatch watch =
        new KeyWatch(CostSample.tenantOf(key), CostSample.modelOf(key), Watches.all(costUsdMin));
    if (bytes != null) {
      watch.restore(bytes);
    }
    return watch;
  }
}
