package io.millrace.jobs.anomaly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Faults injected into a day of real traffic are found, and nothing else is. */
class InjectedFaultsTest {
  private static final int FIRST_WINDOW = 24;
  private static final int FAULTS = 60;

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void findsFaultsWithinTwoWindows(long seed) throws IOException {
    FaultReplay replay = new FaultReplay(trace(), seed);
    replay.inject(FIRST_WINDOW, FAULTS);

    replay.run();

    List<FaultReplay.Fault> small = replay.faults().stream().filter(f -> f.times() < 10).toList();
    assertThat(small.stream().filter(replay::found).count())
        .isGreaterThanOrEqualTo(Math.round(0.8 * small.size()));
    assertThat(replay.faults()).filteredOn(f -> f.times() >= 10).allMatch(replay::found);
    assertThat(replay.falseAlarms()).hasSizeLessThanOrEqualTo(1);
    assertThat(replay.stateBytesMax).isLessThan(6000);
  }

  @ParameterizedTest
  @ValueSource(longs = {3})
  void isQuietOnADayWithoutFaults(long seed) throws IOException {
    FaultReplay replay = new FaultReplay(trace(), seed);

    replay.run();

    assertThat(replay.opened).hasSizeLessThanOrEqualTo(1);
  }

  private static Path trace() {
    String data = System.getProperty("millrace.data");
    assumeTrue(data != null, "skipped: -Dmillrace.data names no folder with traces");
    Path trace = Path.of(data, "traces", "AzureLLMInferenceTrace_conv.csv");
    assumeTrue(Files.exists(trace), "skipped: no " + trace);
    return trace;
  }
}
