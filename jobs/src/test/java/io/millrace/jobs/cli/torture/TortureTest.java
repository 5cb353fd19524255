package io.millrace.jobs.cli.torture;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.cli.Installation;
import io.millrace.jobs.cluster.Fault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A short torture: real processes, the real model, one kill -9 of each kind. {@code
 * -DexcludedGroups=processes} leaves it out.
 */
@Tag("processes")
class TortureTest {
  private static final Duration MAX = Duration.ofMinutes(8);

  @TempDir Path folder;

  @Test
  @Timeout(900)
  void nothingIsLostAndNothingComesTwice() throws Exception {
    List<String> told = new CopyOnWriteArrayList<>();
    TortureSettings settings =
        new TortureSettings(
            folder,
            Installation.flinkConf(),
            Installation.model(),
            7,
            MAX,
            Fault.values().length,
            1,
            1,
            6);
    TortureReport report;
    try (Torture torture =
        new Torture(
            settings,
            Workload.messages(Installation.heldOutMessages()),
            told::add,
            System::currentTimeMillis)) {
      report = torture.run();
    }

    assertThat(report.broken()).as("%s", told).isEmpty();
    assertThat(report.kills())
        .isEqualTo(Map.of(Fault.TASK_MANAGER, 1, Fault.JOB_MANAGER, 1, Fault.BROKER, 1));
    assertThat(report.answers()).isEqualTo(report.prompts()).isGreaterThan(20);
    assertThat(report.resumedTokens()).as("%s", told).isGreaterThan(report.resumed());
  }
}
