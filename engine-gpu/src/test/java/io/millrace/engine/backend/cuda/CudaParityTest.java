package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.cuda.ptx.PtxDriver;

/** On an interpreter of the committed PTX, each stream as late as a device may be. */
class CudaParityTest extends CudaParity {

  @Override
  CudaDriver driver() {
    return new DriverProbe(new PtxDriver(256 << 20), 0).driver();
  }
}
