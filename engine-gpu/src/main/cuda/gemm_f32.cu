// Weights of float32 or bfloat16, row-major, times float32 activations, on plain cores.
//
// weight [outputs][K], x f32 [rows][K], out f32 [rows][outputs]; any K.
// Launch: grid (ceil(outputs / 4), ceil(rows / 8)), 128 threads: a warp makes an output of 8 rows.
// A lane adds every 32nd product in order, then the lanes' sums meet pairwise: an order that
// depends on K alone.
#include "common.cuh"

template <typename Element>
__device__ inline void gemm(const float* x, float* out, int rows, int outputs, int columns, Element weight) {
  constexpr int ROWS = 8;
  int output = blockIdx.x * 4 + threadIdx.x / 32, lane = threadIdx.x % 32;
  if (output >= outputs) return;
  int first = blockIdx.y * ROWS;
  const float* of = x + (size_t)first * columns;
  float acc[ROWS] = {};
  for (int k = lane; k < columns; k += 32) {
    float w = weight(output, k);
#pragma unroll
    for (int row = 0; row < ROWS; row++) {
      if (first + row < rows) acc[row] = fmaf(w, of[(size_t)row * columns + k], acc[row]);
    }
  }
#pragma unroll
  for (int row = 0; row < ROWS; row++) {
    float sum = warpSum(acc[row]);
    if (lane == row && first + row < rows) out[(size_t)(first + row) * outputs + output] = sum;
  }
}

extern "C" __global__ void gemm_f32(const float* __restrict__ weight, const float* __restrict__ x, float* __restrict__ out, int rows, int outputs, int columns) {
  gemm(x, out, rows, outputs, columns, [=](int o, int k) { return weight[(size_t)o * columns + k]; });
}

extern "C" __global__ void gemm_bf16(const uint16_t* __restrict__ weight, const float* __restrict__ x, float* __restrict__ out, int rows, int outputs, int columns) {
  gemm(x, out, rows, outputs, columns, [=](int o, int k) { return bf16Bits(weight[(size_t)o * columns + k]); });
}
