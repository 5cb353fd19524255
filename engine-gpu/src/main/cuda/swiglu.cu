// Gated linear unit: gate = activation(gate) x up, element by element.
//
// gate, up f32 [n]; activation: 0 SiLU, 1 GELU by tanh, 2 ReLU squared.
// Launch: grid (ceil(n / 256)), 256 threads.
#include "common.cuh"

extern "C" __global__ void swiglu(float* __restrict__ gate, const float* __restrict__ up, int n, int activation) {
  int at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= n) return;
  float x = gate[at];
  float y;
  if (activation == 0) {
    y = x / (1.0f + expf(-x));
  } else if (activation == 1) {
    y = 0.5f * x * (1.0f + tanhf(0.79788456f * x * (1.0f + 0.044715f * x * x)));
  } else {
    float positive = fmaxf(0.0f, x);
    y = positive * positive;
  }
  gate[at] = y * up[at];
}
