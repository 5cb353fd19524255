// Weights of binary16 times float32 activations, which come as two binary16 numbers (see
// quantise_split): two products on the tensor cores cost nothing while the weights' bytes bound the
// speed, and keep 22 bits of the activations.
//
// weight binary16 as packed.cuh says; hi, lo binary16 [padded rows][K], rowScale f32 [padded rows];
// out f32 [rows][outputs]. K is a multiple of 32.
// Launch of gemm_w16_nN: grid (ceil(outputs / 16), ceil(rows / N)), 32 x min(8, K / 32) threads;
// padded rows is a multiple of N.
#include "gemm.cuh"

template <int TILES>
__device__ inline void gemm(const uint4* weight, const uint16_t* hi, const uint16_t* lo, const float* rowScale, float* out, int rows, int outputs, int columns) {
  constexpr int UNROLL = TILES < 2 ? 2 / TILES : 1;
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, group = lane / 4, quad = lane % 4;
  int slabs = columns / 32, splits = blockDim.x / 32;
  int end = chunkStart(slabs, warp + 1, splits);
  const uint4* of = weight + (size_t)blockIdx.x * slabs * 64 + lane;
  size_t ofX = (size_t)(blockIdx.y * 8 * TILES + group) * columns + 8 * quad;
  float acc[TILES][4] = {};
  float rest[TILES][4] = {};
#pragma unroll UNROLL
  for (int slab = chunkStart(slabs, warp, splits); slab < end; slab++) {
    uint4 upper = of[(size_t)slab * 64], lower = of[(size_t)slab * 64 + 32];
#pragma unroll
    for (int tile = 0; tile < TILES; tile++) {
      size_t at = ofX + (size_t)tile * 8 * columns + slab * 32;
      uint4 b = *(const uint4*)(hi + at), d = *(const uint4*)(lo + at);
      mmaF16(acc[tile], upper.x, lower.x, upper.y, lower.y, b.x, b.y);
      mmaF16(acc[tile], upper.z, lower.z, upper.w, lower.w, b.z, b.w);
      mmaF16(rest[tile], upper.x, lower.x, upper.y, lower.y, d.x, d.y);
      mmaF16(rest[tile], upper.z, lower.z, upper.w, lower.w, d.z, d.w);
    }
  }
#pragma unroll
  for (int tile = 0; tile < TILES; tile++) {
#pragma unroll
    for (int i = 0; i < 4; i++) acc[tile][i] = fmaf(rest[tile][i], 1.0f / 2048, acc[tile][i]);
  }
  reduceAndStore<TILES>(acc, out, rows, outputs, [=](int row) { return rowScale[row]; });
}

#define GEMM(N, BLOCKS)                                                                                      \
  extern "C" __global__ void __launch_bounds__(256, BLOCKS) gemm_w16_n##N(                                   \
      const uint4* __restrict__ weight, const uint16_t* __restrict__ hi, const uint16_t* __restrict__ lo, \
      const float* __restrict__ rowScale, float* __restrict__ out, int rows, int outputs, int columns) { \
    gemm<N / 8>(weight, hi, lo, rowScale, out, rows, outputs, columns);                              \
  }
GEMM(8, 3)
GEMM(16, 2)
GEMM(32, 1)
GEMM(64, 1)
