// RMSNorm: out = x / sqrt(mean(x^2) + epsilon) * weight, over parts of n elements.
//
// Launch: grid (parts), 32 threads where n <= 256, else 256: the order of the sum depends on n
// alone. x, y, out f32 [parts][n] (out may be x), weight f32 [n].
#include "common.cuh"

// The sum over the block, in every thread; warps in order.
__device__ inline float blockSum(float x) {
  __shared__ float sums[8];
  x = warpSum(x);
  if (blockDim.x == 32) return x;
  if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = x;
  __syncthreads();
  float sum = 0;
  for (int warp = 0; warp < blockDim.x / 32; warp++) sum += sums[warp];
  return sum;
}

// Not __restrict__: a norm may work in place.
__device__ inline void norm(const float* x, const float* weight, float* out, int n, float epsilon, float squares) {
  float factor = __frcp_rn(__fsqrt_rn(__fadd_rn(__fdiv_rn(blockSum(squares), (float)n), epsilon)));
  for (int i = threadIdx.x; i < n; i += blockDim.x) out[i] = x[i] * factor * weight[i];
}

extern "C" __global__ void norm_rms(const float* x, const float* __restrict__ weight, float* out, int parts, int n, float epsilon) {
  size_t at = (size_t)blockIdx.x * n;
  float squares = 0;
  for (int i = threadIdx.x; i < n; i += blockDim.x) squares += x[at + i] * x[at + i];
  norm(x + at, weight, out + at, n, epsilon, squares);
}

// x += y, then the norm of x: the residual connection and what follows it.
extern "C" __global__ void norm_add_rms(float* x, const float* __restrict__ y, const float* __restrict__ weight, float* out, int parts, int n, float epsilon) {
  size_t at = (size_t)blockIdx.x * n;
  float squares = 0;
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    float sum = x[at + i] + y[at + i];
    x[at + i] = sum;
    squares += sum * sum;
  }
  norm(x + at, weight, out + at, n, epsilon, squares);
}
