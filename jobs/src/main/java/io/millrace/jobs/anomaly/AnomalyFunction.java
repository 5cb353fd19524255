package io.millrace.jobs.anomaly;

import io.millrace.schemas.Anomaly;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.TreeMap;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Sums the rows of each tenant and model by windows of event time, and judges each window once the
 * watermark has passed it, also empty ones: a timer stands at every window's end as long as a key is
 * known. Two states of bytes a key: the windows that are open, touched by every row, and what was
 * learnt, touched once a window.
 */
final class AnomalyFunction extends KeyedProcessFunction<String, CostSample, Anomaly> {
  private static final long serialVersionUID = 1L;

  /** A key without rows for so many windows is forgotten. */
  static final int EMPTY_WINDOWS_MAX = 240;

  /** Open windows of a key; rows further ahead of time are left out, and counted. */
  static final int OPEN_WINDOWS_MAX = 32;

  private final long windowMs;
  private final double costUsdMin;

  private transient ValueState<byte[]> openWindows;
  private transient ValueState<byte[]> learnt;
  private transient Counter late;
  private transient Counter ahead;

  /**
   * @param costUsdMin windows that cost less are never a spike, USD
   */
  AnomalyFunction(long windowMs, double costUsdMin) {
    this.windowMs = windowMs;
    this.costUsdMin = costUsdMin;
  }

  @Override
  public void open(OpenContext context) {
    openWindows =
        getRuntimeContext()
            .getState(
                new ValueStateDescriptor<>(
                    "windows", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    learnt =
        getRuntimeContext()
            .getState(
                new ValueStateDescriptor<>(
                    "learnt", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    late = getRuntimeContext().getMetricGroup().counter("lateRows");
    ahead = getRuntimeContext().getMetricGroup().counter("rowsTooFarAhead");
  }

  @Override
  public void processElement(CostSample sample, Context context, Collector<Anomaly> out)
      throws IOException {
    long start = Math.floorDiv(sample.timeMs(), windowMs) * windowMs;
    long last = start + windowMs - 1;
    if (last <= context.timerService().currentWatermark()) {
      late.inc();
      return;
    }
    OpenWindows open = OpenWindows.of(openWindows.value(), sample.tenant(), sample.model());
    if (!open.totals.containsKey(start) && open.totals.size() >= OPEN_WINDOWS_MAX) {
      ahead.inc();
      return;
    }
    open.totals.computeIfAbsent(start, WindowTotals::new).add(sample);
    openWindows.update(open.toBytes());
    context.timerService().registerEventTimeTimer(last);
  }

  @Override
  public void onTimer(long last, OnTimerContext context, Collector<Anomaly> out)
      throws IOException {
    byte[] bytes = openWindows.value();
    if (bytes == null) {
      return; // A timer of a key that was forgotten.
    }
    OpenWindows open = OpenWindows.of(bytes, null, null);
    long start = last + 1 - windowMs;
    WindowTotals window = open.totals.remove(start);
    KeyWatch watch = new KeyWatch(open.tenant, open.model, Watches.all(costUsdMin));
    if (learnt.value() != null) {
      watch.restore(learnt.value());
    }
    watch.judge(window == null ? new WindowTotals(start) : window, windowMs, out::collect);
    if (watch.emptyWindows() >= EMPTY_WINDOWS_MAX && open.totals.isEmpty()) {
      openWindows.clear();
      learnt.clear();
      return;
    }
    openWindows.update(open.toBytes());
    learnt.update(watch.toBytes());
    context.timerService().registerEventTimeTimer(last + windowMs);
  }

  /** Windows that are not judged yet, by their start, and whose they are. */
  private record OpenWindows(
      String tenant, String model, TreeMap<Long, WindowTotals> totals) {
    private static final int VERSION = 1;

    static OpenWindows of(byte[] bytes, String tenant, String model) throws IOException {
      if (bytes == null) {
        return new OpenWindows(tenant, model, new TreeMap<>());
      }
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
      int version = in.readUnsignedByte();
      if (version != VERSION) {
        throw new IllegalStateException("state of windows has version " + version);
      }
      OpenWindows open = new OpenWindows(in.readUTF(), in.readUTF(), new TreeMap<>());
      int count = in.readUnsignedByte();
      for (int i = 0; i < count; i++) {
        WindowTotals totals = WindowTotals.read(in);
        open.totals.put(totals.startMs, totals);
      }
      return open;
    }

    byte[] toBytes() throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeByte(VERSION);
      out.writeUTF(tenant);
      out.writeUTF(model);
      out.writeByte(totals.size());
      for (WindowTotals window : totals.values()) {
        window.write(out);
      }
      return bytes.toByteArray();
    }
  }
}
