package io.millrace.engine.bench;

import java.util.List;
import java.util.Optional;

/**
 * The least time that a device can need: what memory moves, or what is multiplied, whichever takes
 * longer.
 *
 * @param bytesPerSecond measured, of copies within the device's memory
 * @param peak stated by the maker, or none: then memory alone counts
 */
record Roofline(double bytesPerSecond, Optional<Peak> peak) {

  /**
   * Most operations per second, dense, without sparsity.
   *
   * @param device a part of the driver's name of the device
   * @param floats of products of 16-bit floats, 10^12 per second
   * @param integers of products of 8-bit integers, 10^12 per second
   */
  record Peak(String device, double floats, double integers) {}

  /** As in NVIDIA's data sheets; the more particular name first. */
  private static final List<Peak> PEAKS =
      List.of(
          new Peak("H200", 989, 1979),
          new Peak("H100 PCIe", 756, 1513),
          new Peak("H100 NVL", 835, 1671),
          new Peak("H100", 989, 1979),
          new Peak("A100", 312, 624),
          new Peak("L40S", 362, 733),
          new Peak("A10", 125, 250));

  /**
   * @param device as the driver calls it
   */
  static Roofline of(String device, double bytesPerSecond) {
    return new Roofline(
        bytesPerSecond, PEAKS.stream().filter(p -> device.contains(p.device())).findFirst());
  }

  /** The least time of a step, seconds. */
  double seconds(StepCost step) {
    double computing =
        peak.map(p -> step.operations() / (1e12 * (step.quantised() ? p.integers() : p.floats())))
            .orElse(0.0);
    return Math.max(step.bytes() / bytesPerSecond, computing);
  }
}
