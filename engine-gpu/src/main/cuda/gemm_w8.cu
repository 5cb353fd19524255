// Weights of 8 bits (Q8_0) times activations of 8 bits: as gemm_w4.cu, with one 16-byte load a lane
// for each block of 32.
//
// quants i8 and scales binary16 as packed.cuh says; the rest, and the launch of gemm_w8_nN, as
// gemm_w4_nN: grid (ceil(outputs / 16), ceil(rows / N)), 32 x min(8, K / 64) threads.
#include "gemm.cuh"

template <int TILES>
__device__ inline void gemm(const uint4* quants, const uint32_t* scales, const int8_t* x, const float* xScales, float* out, int rows, int outputs, int columns) {
  constexpr int UNROLL = TILES < 4 ? 4 / TILES : 1;
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, group = lane / 4, quad = lane % 4;
  int blocks = columns / 32, splits = blockDim.x / 32;
  int end = 2 * chunkStart(blocks / 2, warp + 1, splits);
  const uint4* ofQuants = quants + (size_t)blockIdx.x * blocks * 32 + lane;
  const uint32_t* ofScales = scales + (size_t)blockIdx.x * blocks * 8 + group;
  int row = blockIdx.y * 8 * TILES;
  const int8_t* ofX = x + (size_t)(row + group) * columns + 8 * quad;
  const float* ofXScales = xScales + (size_t)(row + 2 * quad) * blocks;
  float acc[TILES][4] = {};
#pragma unroll UNROLL
  for (int block = 2 * chunkStart(blocks / 2, warp, splits); block < end; block++) {
    uint4 a = ofQuants[(size_t)block * 32];
    uint32_t both = ofScales[(size_t)block * 8];
    float scaleUpper = halfBits(both & 0xffff), scaleLower = halfBits(both >> 16);
#pragma unroll
    for (int tile = 0; tile < TILES; tile++) {
      uint2 b = *(const uint2*)(ofX + (size_t)tile * 8 * columns + block * 32);
      const float* xs = ofXScales + (size_t)tile * 8 * blocks + block;
      float xScale0 = xs[0], xScale1 = xs[blocks];
      int c[4];
      mmaS8(c, a.x, a.z, a.y, a.w, b.x, b.y);
      acc[tile][0] = fmaf((float)c[0], scaleUpper * xScale0, acc[tile][0]);
      acc[tile][1] = fmaf((float)c[1], scaleUpper * xScale1, acc[tile][1]);
      acc[tile][2] = fmaf((float)c[2], scaleLower * xScale0, acc[tile][2]);
      acc[tile][3] = fmaf((float)c[3], scaleLower * xScale1, acc[tile][3]);
    }
  }
  reduceAndStore<TILES>(acc, out, rows, outputs, [](int) { return 1.0f; });
}

#define GEMM(N, BLOCKS)                                                                                     \
  extern "C" __global__ void __launch_bounds__(256, BLOCKS) gemm_w8_n##N(                                   \
      const uint4* __restrict__ quants, const uint32_t* __restrict__ scales, const int8_t* __restrict__ x, \
      const float* __restrict__ xScales, float* __restrict__ out, int rows, int outputs, int columns) { \
    gemm<N / 8>(quants, scales, x, xScales, out, rows, outputs, columns);                           \
  }
GEMM(8, 3)
GEMM(16, 2)
GEMM(32, 1)
GEMM(64, 1)
