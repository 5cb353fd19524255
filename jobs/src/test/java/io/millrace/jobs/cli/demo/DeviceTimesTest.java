package io.millrace.jobs.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.embedded.JobHandle.Began;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import java.math.BigDecimal;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class DeviceTimesTest {
  private static final long BEGAN_MS = 1_000_000;

  /** The job manager heard of it 30 ms after it was deployed. */
  private static final Began BEGAN = new Began(BEGAN_MS - 30, BEGAN_MS);

  private final DeviceTimes times = new DeviceTimes();

  @Test
  void rowsAreComparedWithTheWallClock() {
    times.add(row(CostKind.request, 40_000, 91_000));
    assertThat(times.complete()).as("idle time up to then is to come").isFalse();
    times.add(row(CostKind.recovery, 1_000, 60_000));
    times.add(row(CostKind.idle, 59_050, 100_000));
    assertThat(times.complete()).isTrue();
    assertThat(times.agrees(BEGAN)).as("20 ms in 100 s").isTrue();
    assertThat(times.line(BEGAN))
        .isEqualTo(
            "100.050 s, of which answers 40.000 s, idle 59.050 s, lost 1.000 s;"
                + " Flink says 100.000 s to 100.030 s, 0.020 % apart");
  }

  @Test
  void whatIsMissingIsSeen() {
    times.add(row(CostKind.request, 40_000, 91_000));
    times.add(row(CostKind.idle, 59_800, 100_000));
    assertThat(times.agrees(BEGAN)).as("200 ms in 100 s").isFalse();
    times.add(row(CostKind.idle, 330, 100_000));
    assertThat(times.agrees(BEGAN)).as("100 ms more than there can be").isTrue();
    times.add(row(CostKind.idle, 10, 100_000));
    assertThat(times.agrees(BEGAN)).as("110 ms more than there can be").isFalse();
  }

  @Test
  void timeThatNobodyPaysForIsNoPrompt() {
    Outcome outcome = new Outcome();
    outcome.add(row(CostKind.idle, 5_000, 9_000));
    assertThat(outcome.costs()).isEmpty();
    assertThat(outcome.costsAgree()).isTrue();
    assertThat(outcome.devices()).containsOnlyKeys("default");
  }

  private static CostEvent row(CostKind kind, long ms, long afterMs) {
    return CostEvent.newBuilder()
        .setKind(kind)
        .setModel("default")
        .setDeviceNanos(ms * 1_000_000)
        .setTotalUsd(new BigDecimal("1.000000000000000000000000"))
        .setEventTime(Instant.ofEpochMilli(BEGAN_MS + afterMs))
        .build();
  }
}
