package io.millrace.jobs.cost;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The power that the machine's processors draw, from the energy counters that Linux shows of
 * Intel's and AMD's RAPL (Documentation/power/powercap/powercap.rst): microjoules that only rise,
 * until they begin again from 0. All of a processor is counted, whoever uses it.
 *
 * <p>Not safe for use by several threads.
 */
final class RaplPower {
  private static final int PACKAGES_MAX = 64;
  private static final int WATTS_SCALE = 3;

  /** Shorter intervals are mostly the counters' own grain. */
  private static final long INTERVAL_MS_MIN = 1_000;

  private record Counter(Path energy, long rangeMicrojoules) {
    long read() throws IOException {
      return Long.parseLong(Files.readString(energy).strip());
    }
  }

  private final List<Counter> counters;
  private long[] lastMicrojoules;
  private long lastMs;
  private BigDecimal watts;

  private RaplPower(List<Counter> counters, long nowMs) throws IOException {
    this.counters = counters;
    this.lastMicrojoules = read();
    this.lastMs = nowMs;
  }

  /**
   * The counters of all processor packages, if they are there and may be read.
   *
   * @param powercap {@code /sys/class/powercap}
   * @param nowMs when measuring begins
   */
  static Optional<RaplPower> find(Path powercap, long nowMs) {
    List<Counter> counters = new ArrayList<>();
    // intel-rapl:0 is a package; intel-rapl:0:0 a part of it; AMD's are named so too.
    try (DirectoryStream<Path> zones = Files.newDirectoryStream(powercap, "intel-rapl:*")) {
      for (Path zone : zones) {
        if (zone.getFileName().toString().matches("intel-rapl:\\d+")
            && Files.readString(zone.resolve("name")).startsWith("package")
            && counters.size() < PACKAGES_MAX) {
          long range =
              Long.parseLong(Files.readString(zone.resolve("max_energy_range_uj")).strip());
          counters.add(new Counter(zone.resolve("energy_uj"), range));
        }
      }
      return counters.isEmpty() ? Optional.empty() : Optional.of(new RaplPower(counters, nowMs));
    } catch (IOException | UncheckedIOException | NumberFormatException e) {
      // Not Linux, a virtual machine, or counters for root only: then nothing is measured.
      return Optional.empty();
    }
  }

  /**
   * Mean power over the latest interval of a second or more, watts; null before the first has
   * passed, and where the counters can no longer be read.
   */
  BigDecimal watts(long nowMs) {
    if (nowMs - lastMs >= INTERVAL_MS_MIN) {
      try {
        long[] microjoules = read();
        BigDecimal sum = BigDecimal.ZERO;
        for (int i = 0; i < microjoules.length; i++) {
          long drawn = microjoules[i] - lastMicrojoules[i];
          sum =
              sum.add(
                  BigDecimal.valueOf(
                      drawn >= 0 ? drawn : drawn + counters.get(i).rangeMicrojoules()));
        }
        // uJ / ms = mW
        watts =
            sum.divide(BigDecimal.valueOf(nowMs - lastMs), 0, RoundingMode.HALF_EVEN)
                .movePointLeft(WATTS_SCALE);
        lastMicrojoules = microjoules;
        lastMs = nowMs;
      } catch (IOException | NumberFormatException e) {
        watts = null;
      }
    }
    return watts;
  }

  private long[] read() throws IOException {
    long[] microjoules = new long[counters.size()];
    for (int i = 0; i < microjoules.length; i++) {
      microjoules[i] = counters.get(i).read();
    }
    return microjoules;
  }
}
