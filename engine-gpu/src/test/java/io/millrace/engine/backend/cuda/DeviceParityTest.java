package io.millrace.engine.backend.cuda;

/** On a real device. */
@OnGpu
class DeviceParityTest extends CudaParity {

  @Override
  CudaDriver driver() {
    return DeviceDriver.open(0);
  }
}
