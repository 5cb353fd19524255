// What works element by element. Launch: grid (ceil(n / 256)), 256 threads, unless said.
#include "common.cuh"

#define ELEMENT                                     \
  int at = blockIdx.x * blockDim.x + threadIdx.x;   \
  if (at >= n) return;

// x += y.
extern "C" __global__ void add(float* __restrict__ x, const float* __restrict__ y, int n) {
  ELEMENT
  x[at] += y[at];
}

// x[row] += bias, f32 [columns].
extern "C" __global__ void add_bias(float* __restrict__ x, const float* __restrict__ bias, int n, int columns) {
  ELEMENT
  x[at] += bias[at % columns];
}

// x *= factor.
extern "C" __global__ void scale(float* __restrict__ x, int n, float factor) {
  ELEMENT
  x[at] *= factor;
}

// x = cap tanh(x / cap).
extern "C" __global__ void soft_cap(float* __restrict__ x, int n, float cap) {
  ELEMENT
  x[at] = cap * tanhf(x[at] / cap);
}

// out[i] = x[rowIds[i]]. Launch: grid (rows), 256 threads.
extern "C" __global__ void gather(const float* __restrict__ x, const int* __restrict__ rowIds, float* __restrict__ out, int rows, int columns) {
  size_t from = (size_t)rowIds[blockIdx.x] * columns;
  size_t to = (size_t)blockIdx.x * columns;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) out[to + i] = x[from + i];
}

// out[row][i] = x[row][order[i]], order f32 [columns]. Launch: grid (rows), 256 threads.
extern "C" __global__ void reorder(const float* __restrict__ x, const float* __restrict__ order, float* __restrict__ out, int rows, int columns) {
  size_t at = (size_t)blockIdx.x * columns;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) out[at + i] = x[at + (int)order[i]];
}
