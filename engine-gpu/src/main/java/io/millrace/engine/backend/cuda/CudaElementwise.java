package io.millrace.engine.backend.cuda;

import static io.millrace.engine.backend.cuda.CudaMatmul.ceil;

import io.millrace.engine.backend.Activation;

/** Operations that change activations in place, element by element. */
final class CudaElementwise {
  private static final int THREADS = 256;

  private final Kernels kernels;
  private final Launches launches;
  private final CudaMatmul matmul;

  /**
   * @param matmul is told of what is written
   */
  CudaElementwise(Kernels kernels, Launches launches, CudaMatmul matmul) {
    this.kernels = kernels;
    this.launches = launches;
    this.matmul = matmul;
  }

  void glu(Activation activation, int rows, CudaTensor gate, CudaTensor up) {
    int n = gate.elements(rows);
    begin("swiglu", "swiglu", n, gate)
        .pointer(up.address())
        .integer(n)
        .integer(
            switch (activation) {
              case SILU -> 0;
              case GELU_TANH -> 1;
              case RELU_SQUARED -> 2;
            })
        .end();
  }

  void add(int rows, CudaTensor x, CudaTensor y) {
    int n = x.elements(rows);
    begin("elementwise", "add", n, x).pointer(y.address()).integer(n).end();
  }

  void addBias(int rows, CudaTensor x, CudaTensor bias) {
    int n = x.elements(rows);
    begin("elementwise", "add_bias", n, x)
        .pointer(bias.address())
        .integer(n)
        .integer(x.columns())
        .end();
  }

  void scale(int rows, CudaTensor x, float factor) {
    int n = x.elements(rows);
    begin("elementwise", "scale", n, x).integer(n).real(factor).end();
  }

  void softCap(int rows, CudaTensor x, float cap) {
    int n = x.elements(rows);
    begin("elementwise", "soft_cap", n, x).integer(n).real(cap).end();
  }

  /** Begins a kernel that changes x in place, with x as its first parameter. */
  private Launches begin(String module, String kernel, int n, CudaTensor x) {
    matmul.written(x);
    return launches
        .begin(kernels.get(module, kernel), ceil(n, THREADS), 1, 1, THREADS)
        .pointer(x.address());
  }
}
