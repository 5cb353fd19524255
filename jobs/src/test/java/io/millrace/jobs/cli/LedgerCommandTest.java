package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.ledger.LedgerSums;
import io.millrace.jobs.ledger.SampleLedger;
import io.millrace.jobs.ledger.SampleRows;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ledger compact}, and what {@code up} does of it. */
class LedgerCommandTest {
  private static final String DAY = SampleRows.DAY.toString();

  @TempDir private Path ledger;

  @Test
  void compactsDaysBeforeTheOneThatIsSaid() throws Exception {
    SampleLedger.write(ledger, SampleRows.DAY, 3, 10);
    SampleLedger.write(ledger, SampleRows.DAY.plusDays(1), 2, 10);

    CommandRun run =
        CommandRun.of(
            new FakeModels(null),
            "ledger",
            "compact",
            "--ledger",
            ledger.toString(),
            "--before",
            "2026-11-24");

    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .singleElement()
        .asString()
        .matches(DAY + "  3 files, 30 rows, \\d+ -> \\d+ bytes");
    assertThat(ledger.resolve("day=" + DAY)).isDirectoryContaining("glob:**compact-1.parquet");
    assertThat(LedgerSums.rows(ledger)).isEqualTo(50);
  }

  @Test
  void saysWhatIsWrong() {
    CommandRun run =
        CommandRun.of(new FakeModels(null), "ledger", "compact", "--ledger", ledger.toString());

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err())
        .last()
        .asString()
        .contains(ledger + " is no ledger: it has no day=... folders");
    assertThat(
            CommandRun.of(new FakeModels(null), "ledger", "compact", "--before", "soon").exitCode())
        .isEqualTo(2);
    assertThat(CommandRun.of(new FakeModels(null), "ledger").exitCode()).isEqualTo(2);
  }

  @Test
  void upkeepCompactsADayAnHourAfterItIsOver() throws Exception {
    SampleLedger.write(ledger, SampleRows.DAY, 2, 5);
    Path parquet = ledger.resolve("day=" + DAY).resolve("compact-1.parquet");

    upkeepAt("00:59");
    assertThat(parquet).doesNotExist();
    upkeepAt("01:00");
    assertThat(parquet).exists();
    assertThat(LedgerSums.rows(ledger)).isEqualTo(10);
  }

  private void upkeepAt(String time) throws InterruptedException {
    Clock clock =
        Clock.fixed(
            SampleRows.DAY.plusDays(1).atTime(LocalTime.parse(time)).toInstant(ZoneOffset.UTC),
            ZoneOffset.UTC);
    ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    try (LedgerUpkeep upkeep = new LedgerUpkeep(ledger, clock, executor)) {
      // One thread: this comes after its first look.
      assertThat(executor.submit(() -> Files.exists(ledger))).succeedsWithin(Duration.ofMinutes(2));
    }
    assertThat(executor.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
  }
}
