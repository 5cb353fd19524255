package io.millrace.jobs.cli.damage;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.cli.damage.Damage.Harm;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged models through the launcher, a process each: one line and exit code 1, soon; or it works.
 *
 * <p>{@code mvn verify} starts a few. For more, through the launcher as it is built, with a line of
 * times at the end:
 *
 * <pre>
 * ./millrace --version
 * mvn test -pl jobs -am -Dsurefire.failIfNoSpecifiedTests=false -Dtest=LauncherDamageTest \
 *     -Dmillrace.damage.starts=400 -Dmillrace.damage.launcher=$PWD/millrace
 * </pre>
 */
class LauncherDamageTest {
  private static final int STARTS = Integer.getInteger("millrace.damage.starts", 10);
  private static final String BUILT = System.getProperty("millrace.damage.launcher");
  private static final long SEED = Long.getLong("millrace.damage.seed", 7);

  /**
   * The promise is 2 s. Beside other builds even the processor's time doubles, so that the few of
   * every build only show that nothing hangs or reads what it need not.
   */
  private static final long MILLIS_MAX = BUILT != null ? 2_000 : 6_000;

  @TempDir Path temp;

  @Test
  void refusesInOneLineAndSoonOrWorks() throws Exception {
    Path launcher =
        BUILT != null
            ? Path.of(BUILT)
            : TimedLauncher.install(
                temp.resolve("home"),
                System.getProperty("java.class.path").split(File.pathSeparator));
    List<Damage> damages = Damages.some(STARTS, SEED);
    List<String> wrong = new ArrayList<>();
    List<TimedLauncher.Run> refused = new ArrayList<>();
    int[] exits = new int[3];
    for (int i = 0; i < damages.size(); i++) {
      Damage damage = damages.get(i);
      Path folder = temp.resolve("model" + i);
      Path opened = damage.write(folder);
      List<String> command = command(damage.harm() == Harm.MODEL ? 0 : i % 3, opened);
      TimedLauncher.Run run = TimedLauncher.run(launcher, temp, command);
      TimedLauncher.delete(folder);
      String problem = problem(damage, run, folder);
      if (problem != null) {
        wrong.add(problem + ": " + damage + ", " + command.get(0) + ": " + run);
      }
      exits[Math.min(run.exitCode(), 2)]++;
      if (run.exitCode() == 1) {
        refused.add(run);
      }
    }
    if (BUILT != null) {
      System.out.printf(
          Locale.ROOT,
          "%d starts: %d refused, %d loaded; wall %s ms, CPU %s ms%n",
          damages.size(),
          exits[1],
          exits[0],
          spread(refused.stream().map(TimedLauncher.Run::wallMillis).toList()),
          spread(refused.stream().map(TimedLauncher.Run::cpuMillis).toList()));
    }
    assertThat(wrong).isEmpty();
    assertThat(exits[1]).as("refused").isGreaterThan(STARTS / 2);
  }

  private static List<String> command(int which, Path opened) {
    String model = opened.toString();
    return switch (which) {
      case 0 ->
          List.of(
              ("generate --model " + model + " --tokens 1,2,3 --steps 2 --greedy --print-tokens")
                  .split(" "));
      case 1 -> List.of("inspect", model);
      default -> List.of("tokenize", "--model", model, "--text", "hello");
    };
  }

  /** What is wrong with a run; null if nothing. */
  private static String problem(Damage damage, TimedLauncher.Run run, Path folder) {
    if (run.exitCode() == 0) {
      return damage.harm() == Harm.ANY && run.err().isEmpty() ? null : "not refused";
    }
    if (run.exitCode() != 1 || run.err().size() != 1 || !run.out().isEmpty()) {
      return "not one line and exit code 1";
    }
    String line = run.err().get(0);
    boolean says = damage.harm() == Harm.ANY || line.contains(folder.toString());
    if (!line.startsWith("millrace: ")
        || line.length() > 1_000
        || !says
        || line.contains("Exception")) {
      return "not a line that says what is wrong with which file";
    }
    // Beside other processes the clock says nothing, the processor's time does.
    return Math.min(run.wallMillis(), run.cpuMillis()) > MILLIS_MAX ? "too late" : null;
  }

  private static String spread(List<Long> millis) {
    List<Long> sorted = millis.stream().sorted().toList();
    return "median %d, 99%% %d, most %d"
        .formatted(
            sorted.get(sorted.size() / 2),
            sorted.get(sorted.size() * 99 / 100),
            sorted.get(sorted.size() - 1));
  }
}
