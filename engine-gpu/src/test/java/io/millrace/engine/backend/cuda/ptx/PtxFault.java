package io.millrace.engine.backend.cuda.ptx;

import io.millrace.engine.backend.cuda.CudaException;

/** PTX that cannot be run, or that did what no kernel may. */
final class PtxFault extends CudaException {
  private static final long serialVersionUID = 1L;

  PtxFault(String message) {
    super(message);
  }
}
