package io.millrace.engine;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.cuda.CudaBackend;
import io.millrace.engine.backend.cuda.ptx.PtxDriver;

/** On an interpreter of the committed PTX. */
class CudaEngineTest extends CudaEngineParity {

  @Override
  Backend open() {
    return new CudaBackend(new PtxDriver(64 << 20));
  }
}
