// Activations as the weights' types want them.
#include "common.cuh"

// int8 in blocks of 32 with one float32 scale each, exactly as the CPU backends round them, and the
// sum of each block's integers, for types with minima.
//
// x f32 [rows][columns]; quants i8 [padded rows][padded]; scales f32, sums i32
// [padded rows][padded / 32]. What pads rows and columns is written as 0.
// Launch: grid (ceil(padded / 128), padded rows), 32 threads: 4 elements a lane.
extern "C" __global__ void quantise_q8(const float* __restrict__ x, uint32_t* __restrict__ quants, float* __restrict__ scales, int* __restrict__ sums, int rows, int columns, int padded) {
  int row = blockIdx.y;
  int k = blockIdx.x * 128 + threadIdx.x * 4;
  float of[4];
  float max = 0;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    of[i] = row < rows && k + i < columns ? x[(size_t)row * columns + k + i] : 0.0f;
    max = most(max, fabsf(of[i]));
  }
#pragma unroll
  for (int apart = 4; apart > 0; apart >>= 1) max = most(max, __shfl_xor_sync(WARP, max, apart));
  float scale = __fdiv_rn(max, 127.0f);
  float inverse = scale < 1.17549435e-38f ? 0.0f : __fdiv_rn(1.0f, scale);
  uint32_t word = 0;
  int sum = 0;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    int quant = __float2int_rn(__fmul_rn(of[i], inverse));
    sum += quant;
    word |= (uint32_t)(quant & 255) << (8 * i);
  }
#pragma unroll
  for (int apart = 4; apart > 0; apart >>= 1) sum += __shfl_xor_sync(WARP, sum, apart);
  if (k >= padded) return;
  quants[((size_t)row * padded + k) / 4] = word;
  if (threadIdx.x % 8 == 0) {
    size_t block = ((size_t)row * padded + k) / 32;
    scales[block] = scale;
    sums[block] = sum;
  }
}

// Two binary16 numbers for one float32: x = rowScale x (hi + lo), with 22 bits of x where it
// is not smaller than the row's greatest by 2^17 and more. rowScale is a power of two.
//
// x f32 [rows][columns]; hi, lo binary16 [padded rows][padded]; rowScale f32 [padded rows].
// Launch: grid (padded rows), 256 threads.
extern "C" __global__ void quantise_split(const float* __restrict__ x, __half* __restrict__ hi, __half* __restrict__ lo, float* __restrict__ rowScale, int rows, int columns, int padded) {
  __shared__ float mosts[8];
  int row = blockIdx.x;
  const float* of = x + (size_t)row * columns;
  float max = 0;
  if (row < rows) {
    for (int k = threadIdx.x; k < columns; k += blockDim.x) max = most(max, fabsf(of[k]));
  }
  max = warpMost(max);
  if (threadIdx.x % 32 == 0) mosts[threadIdx.x / 32] = max;
  __syncthreads();
  max = 0;
#pragma unroll
  for (int warp = 0; warp < 8; warp++) max = most(max, mosts[warp]);
  // The greatest to between 2^14 and 2^15. Below 2^-100 it is as good as 0, above finite.
  int exponent = (int)(__float_as_uint(max) >> 23);
  bool plain = exponent < 27 || exponent > 254;
  float scale = plain ? 1.0f : __uint_as_float((uint32_t)(exponent - 14) << 23);
  float inverse = plain ? 1.0f : __uint_as_float((uint32_t)(254 - (exponent - 14)) << 23);
  for (int k = threadIdx.x; k < padded; k += blockDim.x) {
    float y = row < rows && k < columns ? of[k] * inverse : 0.0f;
    __half above = __float2half_rn(y);
    hi[(size_t)row * padded + k] = above;
    lo[(size_t)row * padded + k] = __float2half_rn(y - __half2float(above));
  }
  if (threadIdx.x == 0) rowScale[row] = scale;
}
