package io.millrace.jobs.anomaly;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.schemas.Anomaly;
import io.millrace.schemas.AnomalyState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AnomalyFunctionTest {
  private static final long WINDOW_MS = 60_000;
  private static final long START_MS = 1_767_225_600_000L;

  private KeyedOneInputStreamOperatorTestHarness<String, CostSample, Anomaly> flink;
  private final Random random = new Random(11);

  @BeforeEach
  void open() throws Exception {
    flink = harness();
    flink.open();
  }

  @AfterEach
  void close() throws Exception {
    flink.close();
  }

  private static KeyedOneInputStreamOperatorTestHarness<String, CostSample, Anomaly> harness()
      throws Exception {
    KeyedOneInputStreamOperatorTestHarness<String, CostSample, Anomaly> harness =
        new KeyedOneInputStreamOperatorTestHarness<>(
            new KeyedProcessOperator<>(new AnomalyFunction(WINDOW_MS, 0.0001, 50)),
            CostSample::key,
            Types.STRING);
    harness.setup(
        new AvroTypeInfo<>(Anomaly.class)
            .createSerializer(harness.getExecutionConfig().getSerializerConfig()));
    return harness;
  }

  @Test
  void findsOneTenantsSpike() throws Exception {
    List<CostSample> rows = new ArrayList<>(rows("acme", 0, 30, 0.001));
    rows.addAll(rows("other", 0, 40, 0.001));
    rows.addAll(rows("acme", 30, 33, 0.02));
    rows.addAll(rows("acme", 33, 40, 0.001));
    send(rows);
    watermark(40);

    assertThat(flink.extractOutputValues())
        .allMatch(a -> a.getTenant().equals("acme"))
        .filteredOn(a -> a.getDetector().equals("cost-spike"))
        .extracting(Anomaly::getState)
        .containsExactly(AnomalyState.open, AnomalyState.resolved);
    Anomaly opened = flink.extractOutputValues().get(0);
    assertThat(opened.getWindowStart().toEpochMilli()).isEqualTo(START_MS + 30 * WINDOW_MS);
    assertThat(opened.getWindowEnd().toEpochMilli()).isEqualTo(START_MS + 31 * WINDOW_MS);
  }

  @Test
  void theOrderWithinTheWatermarksDoesNotMatter() throws Exception {
    List<CostSample> rows = new ArrayList<>(rows("acme", 0, 30, 0.001));
    rows.addAll(rows("acme", 30, 31, 0.02));
    send(rows);
    watermark(31);
    List<Anomaly> inOrder = flink.extractOutputValues();
    assertThat(inOrder).isNotEmpty();

    flink.close();
    open();
    for (int from = 0; from < 31; from += 5) {
      long begin = START_MS + from * WINDOW_MS;
      List<CostSample> some =
          new ArrayList<>(
              rows.stream()
                  .filter(r -> r.timeMs() >= begin && r.timeMs() < begin + 5 * WINDOW_MS)
                  .toList());
      Collections.shuffle(some, random);
      send(some);
      watermark(Math.min(from + 5, 31));
    }
    assertThat(flink.extractOutputValues()).isEqualTo(inOrder);
  }

  @Test
  void aRestoreGoesOnAsIfNothingHadHappened() throws Exception {
    List<CostSample> before = rows("acme", 0, 30, 0.001);
    List<CostSample> after = rows("acme", 30, 33, 0.02);
    send(before);
    watermark(29);
    OperatorSubtaskState state = flink.snapshot(1, 1);
    send(after);
    watermark(33);
    List<Anomaly> first = flink.extractOutputValues();

    flink.close();
    flink = harness();
    flink.initializeState(state);
    flink.open();
    watermark(29);
    send(after);
    watermark(33);

    assertThat(flink.extractOutputValues()).isEqualTo(first).isNotEmpty();
  }

  @Test
  void leavesOutRowsOfWindowsThatWereJudged() throws Exception {
    send(rows("acme", 0, 30, 0.001));
    watermark(30);
    send(rows("acme", 29, 30, 10));
    send(rows("acme", 30, 31, 0.001));
    watermark(31);

    assertThat(flink.extractOutputValues()).isEmpty();
  }

  @Test
  void judgesEmptyWindowsAndAtLastForgetsTheKey() throws Exception {
    send(rows("acme", 0, 30, 0.001));
    watermark(33);
    assertThat(flink.extractOutputValues())
        .extracting(Anomaly::getDetector)
        .containsExactly("traffic-drop");

    watermark(30 + AnomalyFunction.EMPTY_WINDOWS_MAX + 1);
    assertThat(flink.numKeyedStateEntries()).isZero();
    assertThat(flink.numEventTimeTimers()).isZero();
    assertThat(flink.extractOutputValues())
        .extracting(Anomaly::getState)
        .containsExactly(AnomalyState.open, AnomalyState.resolved);
  }

  @Test
  void theEndOfTimeIsNoSilence() throws Exception {
    send(rows("acme", 0, 30, 0.001));
    flink.processWatermark(Long.MAX_VALUE);

    assertThat(flink.extractOutputValues()).isEmpty();
    assertThat(flink.numEventTimeTimers()).isZero();
    assertThat(flink.numKeyedStateEntries()).isPositive();
  }

  @Test
  void leavesOutRowsFarAheadOfTime() throws Exception {
    send(List.of(Samples.of("acme").at(START_MS)));
    watermark(0);
    long far = START_MS + AnomalyFunction.AHEAD_MAX.toMillis();
    send(List.of(Samples.of("acme").at(far - 1), Samples.of("acme").at(far + 2 * WINDOW_MS)));

    assertThat(flink.numEventTimeTimers()).isEqualTo(2);
  }

  private void send(List<CostSample> rows) throws Exception {
    for (CostSample row : rows) {
      flink.processElement(row, row.timeMs());
    }
  }

  /** Passes the end of so many windows. */
  private void watermark(int windows) throws Exception {
    flink.processWatermark(START_MS + windows * WINDOW_MS - 1);
  }

  /** About forty rows a window. */
  private List<CostSample> rows(String tenant, int fromWindow, int toWindow, double usd) {
    List<CostSample> rows = new ArrayList<>();
    for (int window = fromWindow; window < toWindow; window++) {
      for (int i = 0; i < 35 + random.nextInt(10); i++) {
        long time = START_MS + window * WINDOW_MS + random.nextInt((int) WINDOW_MS);
        rows.add(
            Samples.of(tenant)
                .usd(usd * (0.5 + random.nextDouble()))
                .totalMs(400 + random.nextInt(200))
                .at(time));
      }
    }
    return rows;
  }
}
