package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.cuda.ptx.PtxDriver;

/** On an interpreter of the committed PTX. */
class CudaParityTest extends CudaParity {

  @Override
  CudaDriver driver() {
    return new PtxDriver(256 << 20);
  }
}
