package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.DeviceMeters;
import java.util.Optional;

/** What {@link StubMetersTest} runs in a process of its own: prints what a GPU's meters say. */
final class StubMetersScenario {
  private StubMetersScenario() {}

  public static void main(String[] arguments) {
    Optional<DeviceMeters> meters;
    try (CudaBackend backend = CudaBackends.open(0)) {
      meters = backend.meters();
    }
    meters.ifPresent(StubMetersScenario::print); // they outlive the backend
    System.out.println("meters " + meters.isPresent());
    for (int index : new int[] {3, 1}) {
      try {
        System.out.println("GPU " + index + " is device " + CudaBackends.device(index));
      } catch (CudaException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  private static void print(DeviceMeters meters) {
    System.out.println("device " + meters.device());
    System.out.println("memory " + meters.memoryUsedBytes() + " of " + meters.memoryTotalBytes());
    System.out.println("utilization " + meters.utilization());
    System.out.println("power " + meters.powerMilliwatts());
    System.out.println("energy " + meters.energyMillijoules());
    System.out.println("energy " + meters.energyMillijoules());
  }
}
