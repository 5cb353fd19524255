package io.millrace.engine;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.cuda.CudaBackends;
import io.millrace.engine.backend.cuda.OnGpu;

/** On a real device. */
@OnGpu
class DeviceEngineTest extends CudaEngineParity {

  @Override
  Backend open() {
    return CudaBackends.open(0);
  }
}
