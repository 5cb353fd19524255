package io.millrace.jobs.metrics;

import io.millrace.engine.backend.DeviceMeters;
import java.math.BigDecimal;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * Shows a GPU's meters: by the catalogue's names, and by short ones of the operator's own to pick
 * in Flink's dashboard (gpuMemoryUsedBytes, gpuUtilization, gpuPowerWatts). They are read when
 * somebody asks. What the GPU does not have when the task begins is not shown at all; what it loses
 * later is not a number.
 */
public final class GpuGauges {
  private static final int THOUSANDTHS = 3;

  private GpuGauges() {}

  /**
   * @param group the operator's
   */
  public static void register(
      MetricGroup group, String model, String backend, DeviceMeters meters) {
    LlmSeries series =
        new LabelledSeries(group).of("model", model, "backend", backend, "gpu", meters.device());
    Supplier<Number> used = () -> number(meters.memoryUsedBytes(), 0);
    Supplier<Number> utilization = () -> number(meters.utilization());
    Supplier<Number> power = () -> number(meters.powerMilliwatts(), THOUSANDTHS);
    show(series, LlmMetric.GPU_MEMORY_USED, used);
    show(series, LlmMetric.GPU_MEMORY_TOTAL, () -> number(meters.memoryTotalBytes(), 0));
    show(series, LlmMetric.GPU_UTILIZATION, utilization);
    show(series, LlmMetric.GPU_POWER, power);
    show(series, LlmMetric.GPU_ENERGY, () -> number(meters.energyMillijoules(), THOUSANDTHS));
    show(group, "gpuMemoryUsedBytes", used);
    show(group, "gpuUtilization", utilization);
    show(group, "gpuPowerWatts", power);
  }

  private static void show(LlmSeries series, LlmMetric metric, Supplier<Number> value) {
    if (isKnown(value)) {
      series.gauge(metric, value::get);
    }
  }

  private static void show(MetricGroup group, String name, Supplier<Number> value) {
    if (isKnown(value)) {
      Gauge<Number> gauge = value::get;
      group.gauge(name, gauge);
    }
  }

  private static boolean isKnown(Supplier<Number> value) {
    return !Double.isNaN(value.get().doubleValue());
  }

  /** Decimal, so that no digit of a counter that has run for months is lost. */
  private static Number number(OptionalLong units, int places) {
    return units.isPresent() ? BigDecimal.valueOf(units.getAsLong(), places) : (Number) Double.NaN;
  }

  private static Number number(OptionalDouble value) {
    return value.orElse(Double.NaN);
  }
}
