package io.millrace.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.generate.DeviceClock.Booking;
import io.millrace.jobs.state.DeviceTime;
import io.millrace.schemas.CostKind;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceClockTest {
  private static final long START_MS = 1_000_000;
  private static final long SECOND = 1_000_000_000;
  private static final Duration INTERVAL = Duration.ofSeconds(10);

  private long nanos = 77;

  @Test
  void whatRequestsDidNotUseIsIdle() {
    DeviceClock device = clock(START_MS);
    device.reached(nanos + 4 * SECOND); // loading
    assertThat(device.due()).as("not yet an interval").isEmpty();
    device.used(SECOND);
    device.used(2 * SECOND);
    device.reached(nanos + 12 * SECOND);
    assertThat(device.due()).containsExactly(idle(9 * SECOND, START_MS + 12_000));
    assertThat(device.due()).isEmpty();
    device.used(10 * SECOND);
    device.reached(nanos + 22 * SECOND);
    assertThat(device.due()).as("busy all the time").isEmpty();
    nanos += 25 * SECOND;
    assertThat(device.last()).containsExactly(idle(3 * SECOND, START_MS + 25_000));
    device.reached(nanos + 99 * SECOND);
    assertThat(device.due()).as("over").isEmpty();
  }

  @Test
  void whatAFailureThrewAwayIsRecovery() {
    DeviceClock first = clock(START_MS);
    first.used(2 * SECOND);
    first.reached(nanos + 5 * SECOND);
    DeviceTime checkpoint = first.left("job");
    first.reached(nanos + 15 * SECOND);
    assertThat(first.due()).as("lost with the task").hasSize(1);

    DeviceClock second = clock(START_MS + 30_000);
    second.restore(List.of(checkpoint), "job");
    second.reached(nanos + SECOND);
    assertThat(second.due())
        .containsExactly(new Booking(CostKind.recovery, 25 * SECOND, START_MS + 31_000));
    second.reached(nanos + 10 * SECOND);
    assertThat(second.due())
        .as("the idle time that the checkpoint held is not lost")
        .containsExactly(idle(13 * SECOND, START_MS + 40_000));
  }

  @Test
  void timeWithoutADeviceIsNotBookedLaterEither() {
    DeviceClock remote = clock(START_MS);
    remote.off();
    remote.reached(nanos + 50 * SECOND);
    assertThat(remote.due()).isEmpty();

    DeviceClock local = clock(START_MS + 60_000);
    local.restore(List.of(remote.left("job")), "another job");
    local.reached(nanos + 10 * SECOND);
    assertThat(local.due()).containsExactly(idle(10 * SECOND, START_MS + 70_000));
  }

  @Test
  void noDeviceIsHeldBetweenTwoJobs() {
    DeviceClock first = clock(START_MS);
    first.reached(nanos + 5 * SECOND);
    DeviceClock second = clock(START_MS + 3_600_000);
    second.restore(List.of(first.left("job")), "another job");
    second.reached(nanos + 10 * SECOND);
    assertThat(second.due()).containsExactly(idle(15 * SECOND, START_MS + 3_610_000));
  }

  @Test
  void oneTaskTakesOverFromMany() {
    DeviceTime one = new DeviceTime("job", nanosOf(START_MS - 1_000), 3L, 5L);
    DeviceTime other = new DeviceTime("job", nanosOf(START_MS - 2_000), 7L, 11L);
    DeviceClock device = clock(START_MS);
    device.restore(List.of(one, other), "job");
    assertThat(device.left("job"))
        .isEqualTo(new DeviceTime("job", nanosOf(START_MS), 10L, 3 * SECOND + 16));
  }

  @Test
  void workThatIsThrownAwayIsRecovery() {
    DeviceClock device = clock(START_MS);
    device.lost(5);
    assertThat(device.due()).containsExactly(new Booking(CostKind.recovery, 5, START_MS));
  }

  @Test
  void aClockThatWasSetBackLosesNothing() {
    DeviceClock device = clock(START_MS);
    device.restore(List.of(new DeviceTime("job", nanosOf(START_MS + 1), 0L, 0L)), "job");
    assertThat(device.due()).isEmpty();
  }

  @Test
  void whereThereIsNoDeviceNothingIsBooked() {
    DeviceClock device = clock(START_MS);
    device.off();
    device.reached(nanos + 99 * SECOND);
    assertThat(device.due()).isEmpty();
    assertThat(device.last()).isEmpty();
  }

  @Test
  void theTimeBeforeItsFirstMomentCounts() {
    DeviceClock device = new DeviceClock(() -> nanos, START_MS, 700, INTERVAL);
    nanos += 2 * SECOND;
    assertThat(device.last()).containsExactly(idle(2_700_000_000L, START_MS + 2_000));
  }

  private DeviceClock clock(long epochMillis) {
    return new DeviceClock(() -> nanos, epochMillis, 0, INTERVAL);
  }

  private static Booking idle(long idleNanos, long untilMs) {
    return new Booking(CostKind.idle, idleNanos, untilMs);
  }

  private static long nanosOf(long ms) {
    return ms * 1_000_000;
  }
}
