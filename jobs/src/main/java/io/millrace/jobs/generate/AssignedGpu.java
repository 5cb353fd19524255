package io.millrace.jobs.generate;

import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.flink.api.common.externalresource.ExternalResourceInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The GPU that Flink gives a task's process, as its external resource {@code gpu} (flink-conf's
 * gpu.yaml). Flink finds GPUs and counts them, and shows all of a TaskManager's to each of its
 * slots: hence one TaskManager per GPU.
 */
final class AssignedGpu {
  private static final Logger LOG = LoggerFactory.getLogger(AssignedGpu.class);

  /** As what Flink's configuration must name it. */
  static final String RESOURCE = "gpu";

  /** What Flink's GPU driver tells of each: its number in {@code nvidia-smi}. */
  private static final String INDEX = "index";

  private AssignedGpu() {}

  /**
   * The lowest number of those that the TaskManager has; empty if it has none.
   *
   * @param gpus of the TaskManager
   * @throws IllegalStateException if Flink's discovery script gives something that is no number
   */
  static OptionalInt of(Set<ExternalResourceInfo> gpus) {
    List<Integer> all =
        gpus.stream().flatMap(AssignedGpu::number).sorted(Comparator.naturalOrder()).toList();
    if (all.size() > 1) {
      LOG.warn(
          "Flink gives this TaskManager the GPUs {}; GPU {} is used: run one TaskManager per GPU,"
              + " or set millrace.model.NAME.device",
          all,
          all.get(0));
    }
    return all.isEmpty() ? OptionalInt.empty() : OptionalInt.of(all.get(0));
  }

  private static Stream<Integer> number(ExternalResourceInfo gpu) {
    return gpu.getProperty(INDEX).stream().map(AssignedGpu::parse);
  }

  private static int parse(String index) {
    try {
      return Integer.parseUnsignedInt(index.strip());
    } catch (NumberFormatException e) {
      throw new IllegalStateException(
          "Flink's discovery of GPUs gives the index '" + index + "', which is no number", e);
    }
  }
}
