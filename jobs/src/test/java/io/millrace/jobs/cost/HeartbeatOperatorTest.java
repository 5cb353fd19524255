package io.millrace.jobs.cost;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import java.time.Instant;
import java.util.List;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class HeartbeatOperatorTest {
  private static final CostEvent ROW =
      CostEvent.newBuilder()
          .setKind(CostKind.request)
          .setTenant("acme")
          .setEventTime(Instant.ofEpochMilli(5))
          .build();

  @Test
  void watermarksBecomeHeartbeatsBehindTheRowsBeforeThem() throws Exception {
    try (var flink = harness(1, 0)) {
      flink.processElement(new StreamRecord<>(ROW));
      flink.processWatermark(10_000);
      flink.processElement(new StreamRecord<>(ROW));

      List<CostEvent> out = flink.extractOutputValues();
      assertThat(out).hasSize(2 + HeartbeatOperator.PARTITIONS_MAX);
      assertThat(out.get(0)).isEqualTo(ROW);
      assertThat(out.get(out.size() - 1)).isEqualTo(ROW);
      List<CostEvent> heartbeats = out.subList(1, out.size() - 1);
      assertThat(heartbeats)
          .allMatch(Heartbeat::is)
          .allMatch(row -> row.getEventTime().toEpochMilli() == 10_000)
          .allMatch(row -> row.getTenant() == null && row.getTotalUsd().signum() == 0)
          .extracting(Heartbeat::partition)
          .doesNotHaveDuplicates()
          .contains(0, 1, 2);
      assertThat(Heartbeat.forReaders(heartbeats.get(7)).getAttempt()).isZero();
    }
  }

  @Test
  void parallelOnesShareThePartitions() throws Exception {
    try (var flink = harness(3, 1)) {
      flink.processWatermark(10_000);
      assertThat(flink.extractOutputValues().stream().map(Heartbeat::partition).limit(3))
          .containsExactly(1, 4, 7);
    }
  }

  @Test
  void theEndOfTimeIsNone() throws Exception {
    try (var flink = harness(1, 0)) {
      flink.processWatermark(Watermark.MAX_WATERMARK);
      assertThat(flink.extractOutputValues()).isEmpty();
    }
  }

  private static OneInputStreamOperatorTestHarness<CostEvent, CostEvent> harness(
      int subtasks, int subtask) throws Exception {
    var flink =
        new OneInputStreamOperatorTestHarness<CostEvent, CostEvent>(
            new HeartbeatOperator(), 16, subtasks, subtask);
    flink.getExecutionConfig().enableObjectReuse();
    flink.open();
    return flink;
  }
}
