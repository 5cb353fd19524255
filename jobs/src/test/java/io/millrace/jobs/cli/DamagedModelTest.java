package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.cli.damage.Damage;
import io.millrace.jobs.cli.damage.Damage.Harm;
import io.millrace.jobs.cli.damage.Damages;
import io.millrace.jobs.cli.damage.ModelSample;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A damaged model is one line and exit code 1, at once; or it still works. Within this JVM: {@code
 * LauncherDamageTest} starts processes.
 */
class DamagedModelTest {
  private static final long MILLIS_MAX = 2_000;

  /** Of more than 2,000. */
  private static final int COUNT = Integer.getInteger("millrace.damage.count", 400);

  private static final long SEED = Long.getLong("millrace.damage.seed", 7);

  @TempDir Path folder;

  @Test
  void wholeModelsAnswer() throws IOException {
    for (ModelSample sample : Damages.samples()) {
      CommandRun run = generate(sample.write(folder.resolve(sample.name())));
      assertThat(run.exitCode()).as(run.toString()).isZero();
      assertThat(run.out()).hasSize(1);
      assertThat(run.err()).isEmpty();
    }
  }

  @Test
  void damagedModelsAreRefusedOrWork() throws IOException {
    List<Damage> damages = Damages.some(COUNT, SEED);
    List<String> wrong = new ArrayList<>();
    int loaded = 0;
    int anyway = 0;
    for (Damage damage : damages) {
      Path home = folder.resolve(damage.model().name());
      Path opened = damage.write(home);
      long before = cpuMillis();
      CommandRun run = generate(opened);
      long millis = cpuMillis() - before;
      loaded += run.exitCode() == 0 ? 1 : 0;
      anyway += damage.harm() == Harm.ANY ? 1 : 0;
      if (!right(damage, run, home) || millis > MILLIS_MAX) {
        wrong.add(damage + ", " + millis + " ms: " + run);
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(damages).hasSizeGreaterThan(COUNT / 2);
    assertThat(loaded).isBetween(anyway / 4, anyway);
  }

  private static boolean right(Damage damage, CommandRun run, Path home) {
    if (run.exitCode() == 0) {
      return damage.harm() == Harm.ANY && run.out().size() == 1 && run.err().isEmpty();
    }
    return run.exitCode() == 1
        && run.out().isEmpty()
        && run.err().size() == 1
        && (damage.harm() == Harm.ANY || run.err().get(0).contains(home.toString()))
        && run.err().get(0).length() < 1_000
        && !run.err().get(0).contains("Exception");
  }

  private static CommandRun generate(Path opened) {
    return CommandRun.of(
        new FakeModels(null),
        "generate",
        "--model",
        opened,
        "--tokens",
        "1,2",
        "--steps",
        2,
        "--threads",
        1,
        "--print-tokens");
  }

  private static long cpuMillis() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1_000_000;
  }
}
