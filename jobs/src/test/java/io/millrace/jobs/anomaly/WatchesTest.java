package io.millrace.jobs.anomaly;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.schemas.Anomaly;
import io.millrace.schemas.AnomalySeverity;
import io.millrace.schemas.AnomalyState;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What each watch finds, and what it leaves alone. */
class WatchesTest {
  private static final long WINDOW_MS = 60_000;
  private static final double COST_MIN_USD = 0.0001;

  private final Random random = new Random(5);
  private final List<Anomaly> anomalies = new ArrayList<>();
  private KeyWatch watch = fresh();
  private int window;

  static Stream<Arguments> faults() {
    return Stream.of(
        fault("cost-spike", s -> s.usd(0.003)),
        fault("unit-cost-spike", s -> s.usd(0.003)),
        fault("latency-shift", s -> s.totalMs(3000)),
        fault("token-runaway", s -> s.outputTokens(1000)),
        fault("token-runaway", Samples::stoppedAtItsLimit),
        fault("cache-hit-collapse", s -> s), // half of the usual ones come from the cache
        fault("acceptance-collapse", s -> s.accepted(10)),
        fault("error-burst", Samples::failed));
  }

  private static Arguments fault(String watch, UnaryOperator<Samples> change) {
    return Arguments.of(watch, change);
  }

  @ParameterizedTest
  @MethodSource("faults")
  void opensOneAlertAndResolvesIt(String name, UnaryOperator<Samples> change) {
    usual(30);
    assertThat(anomalies).isEmpty();

    windows(4, 100, change);
    usual(10);

    List<Anomaly> own = of(name);
    assertThat(own)
        .extracting(Anomaly::getState)
        .filteredOn(state -> state != AnomalyState.update)
        .containsExactly(AnomalyState.open, AnomalyState.resolved);
    assertThat(own).extracting(Anomaly::getId).containsOnly(own.get(0).getId());
    assertThat(own.get(0).getWindowStart().toEpochMilli())
        .isBetween(30 * WINDOW_MS, 31 * WINDOW_MS);
    assertThat(own.get(0).getTenant()).isEqualTo("acme");
    assertThat(own.get(0).getMessage()).contains(name).contains("acme");
  }

  @Test
  void noticesThatTrafficStaysAway() {
    usual(30);

    windows(3, 0, s -> s);
    assertThat(of("traffic-drop")).extracting(Anomaly::getState).containsExactly(AnomalyState.open);

    usual(2);
    assertThat(of("traffic-drop"))
        .extracting(Anomaly::getState)
        .containsExactly(AnomalyState.open, AnomalyState.resolved);
  }

  @Test
  void leavesSmallEffectsAlone() {
    usual(30);

    windows(10, 100, s -> random.nextBoolean() ? s.fromCache().usd(0.0014) : s.totalMs(700));

    assertThat(anomalies).isEmpty();
  }

  @Test
  void leavesSmallVolumesAlone() {
    for (int i = 0; i < 30; i++) {
      windows(1, 3, s -> s.usd(1e-6));
    }
    windows(3, 3, s -> s.usd(3e-5).totalMs(9000).failed());

    assertThat(anomalies).isEmpty();
  }

  @Test
  void tellsOnceMoreWhenItBecomesCritical() {
    usual(30);
    windows(1, 100, s -> s.usd(0.003));
    windows(3, 100, s -> s.usd(0.02));

    assertThat(of("cost-spike"))
        .extracting(Anomaly::getState)
        .containsExactly(AnomalyState.open, AnomalyState.update);
    assertThat(of("cost-spike"))
        .extracting(Anomaly::getSeverity)
        .containsExactly(AnomalySeverity.warning, AnomalySeverity.critical);
  }

  @Test
  void takesForNormalWhatStays() {
    usual(30);
    windows(120, 100, s -> s.usd(0.01));

    assertThat(of("cost-spike"))
        .extracting(Anomaly::getState)
        .containsExactly(AnomalyState.open, AnomalyState.resolved);
  }

  @Test
  void goesOnFromBytesOfAnEarlierListOfWatches() {
    KeyWatch few = new KeyWatch("acme", "m", List.of(new ErrorBurst(), new Unknown()));
    watch = few;
    usual(30);
    watch = fresh();
    watch.restore(few.toBytes());

    windows(1, 100, Samples::failed);

    assertThat(of("error-burst")).hasSize(1);
    assertThat(of("cost-spike")).isEmpty();
  }

  private List<Anomaly> of(String name) {
    return anomalies.stream().filter(a -> a.getDetector().equals(name)).toList();
  }

  private static KeyWatch fresh() {
    return new KeyWatch("acme", "m", Watches.all(COST_MIN_USD));
  }

  /** About a hundred requests a window, half of them from the cache. */
  private void usual(int count) {
    windows(
        count,
        100,
        s -> {
          Samples some =
              s.totalMs(400 + random.nextInt(200))
                  .outputTokens(50 + random.nextInt(100))
                  .usd(0.0005 + random.nextDouble() / 1000);
          return random.nextBoolean() ? some.fromCache() : some;
        });
  }

  private void windows(int count, int requests, UnaryOperator<Samples> change) {
    for (int i = 0; i < count; i++, window++) {
      WindowTotals totals = new WindowTotals(window * WINDOW_MS);
      int noisy = requests == 0 ? 0 : requests - requests / 10 + random.nextInt(requests / 5 + 1);
      for (int request = 0; request < noisy; request++) {
        totals.add(change.apply(Samples.of("acme")).at(totals.startMs));
      }
      watch.judge(totals, WINDOW_MS, anomalies::add);
    }
  }

  /** A watch that a later version of the program does not know. */
  private static final class Unknown extends ShareWatch {
    @Override
    public String name() {
      return "unknown-here";
    }

    @Override
    public String signal() {
      return "nothing";
    }

    @Override
    long cases(WindowTotals window) {
      return 1;
    }

    @Override
    long hits(WindowTotals window) {
      return 1;
    }

    @Override
    long casesMin() {
      return 1;
    }

    @Override
    int direction() {
      return 1;
    }

    @Override
    boolean matters(double share, double expected) {
      return false;
    }
  }
}
