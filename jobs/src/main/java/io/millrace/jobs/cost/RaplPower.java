package io.millrace.jobs.cost;

import java.io.IOException;
import java.io.UncheckedIOException;
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
 */
final class RaplPower implements MeasuredPower.EnergyCounter {
  private static final int PACKAGES_MAX = 64;

  private record Counter(Path energy, long rangeMicrojoules) {
    long read() throws IOException {
      try {
        return Long.parseLong(Files.readString(energy).strip());
      } catch (NumberFormatException e) {
        throw new IOException(energy + " holds no number", e);
      }
    }
  }

  private final List<Counter> counters;
  private long[] lastMicrojoules;

  private RaplPower(List<Counter> counters) throws IOException {
    this.counters = counters;
    this.lastMicrojoules = read();
  }

  /**
   * The counters of all processor packages, if they are there and may be read.
   *
   * @param powercap {@code /sys/class/powercap}
   * @param nowMs when measuring begins
   */
  static Optional<MeasuredPower> find(Path powercap, long nowMs) {
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
      return counters.isEmpty()
          ? Optional.empty()
          : Optional.of(new MeasuredPower(new RaplPower(counters), nowMs, null));
    } catch (IOException | UncheckedIOException | NumberFormatException e) {
      // Not Linux, a virtual machine, or counters for root only: then nothing is measured.
      return Optional.empty();
    }
  }

  @Override
  public long drawnMicrojoules() throws IOException {
    long[] microjoules = read();
    long sum = 0;
    for (int i = 0; i < microjoules.length; i++) {
      long drawn = microjoules[i] - lastMicrojoules[i];
      sum += drawn >= 0 ? drawn : drawn + counters.get(i).rangeMicrojoules();
    }
    lastMicrojoules = microjoules;
    return sum;
  }

  private long[] read() throws IOException {
    long[] microjoules = new long[counters.size()];
    for (int i = 0; i < microjoules.length; i++) {
      microjoules[i] = counters.get(i).read();
    }
    return microjoules;
  }
}
