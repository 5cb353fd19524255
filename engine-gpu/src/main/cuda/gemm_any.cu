// Weights of any quantised type, decoded to int8 with a float32 scale, and perhaps a minimum, for
// each 16 or 32: what has no kernel of its own. A little over twice the memory of a 4-bit type.
//
// parts: quants i8 as packed.cuh's of 8 bits; scales and minima f32 [rows/16][K/sub][8][2 rows]
// (minima: 0 for types without); sub: 16 or 32; the rest as gemm_w4's. K is a multiple of 64.
// Launch of gemm_any_nN: grid (sum of the weights' ceil(outputs / 16), ceil(rows / N)),
// 32 x min(8, K / 64) threads; padded rows is a multiple of N.
#include "gemm.cuh"

constexpr uint32_t ONES = 0x01010101u;

template <int TILES>
__device__ inline void gemm(const Member& member, const int8_t* x, const float* xScales, int rows, int columns, int sub) {
  const float2* scales = (const float2*)member.parts[1];
  const float2* minima = (const float2*)member.parts[2];
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, group = lane / 4, quad = lane % 4;
  int blocks = columns / 32, splits = blockDim.x / 32, parts = 32 / sub;
  int end = 2 * chunkStart(blocks / 2, warp + 1, splits);
  const uint4* ofQuants = (const uint4*)member.parts[0] + (size_t)member.firstBlock * blocks * 32 + lane;
  size_t ofScales = (size_t)member.firstBlock * blocks * parts * 8 + group;
  int row = blockIdx.y * 8 * TILES;
  const int8_t* ofX = x + (size_t)(row + group) * columns + 8 * quad;
  const float* ofXScales = xScales + (size_t)(row + 2 * quad) * blocks;
  float acc[TILES][4] = {};
#pragma unroll 1
  for (int block = 2 * chunkStart(blocks / 2, warp, splits); block < end; block++) {
    uint4 a = ofQuants[(size_t)block * 32];
#pragma unroll 1
    for (int part = 0; part < parts; part++) {
      // Half a block is a block whose other half is 0: lanes 0 and 1 of a quad own the first 16.
      bool mine = parts == 1 || quad / 2 == part;
      uint32_t a0 = mine ? a.x : 0, a1 = mine ? a.z : 0, a2 = mine ? a.y : 0, a3 = mine ? a.w : 0;
      uint32_t ones = mine ? ONES : 0;
      size_t at = ofScales + (size_t)(block * parts + part) * 8;
      float2 scale = scales[at];
      float2 minimum = make_float2(0, 0);
      if (minima != nullptr) minimum = minima[at];
#pragma unroll
      for (int tile = 0; tile < TILES; tile++) {
        uint2 b = *(const uint2*)(ofX + (size_t)tile * 8 * columns + block * 32);
        const float* xs = ofXScales + (size_t)tile * 8 * blocks + block;
        float xScale0 = xs[0], xScale1 = xs[blocks];
        int c[4];
        mmaS8(c, a0, a1, a2, a3, b.x, b.y);
        acc[tile][0] = fmaf((float)c[0], scale.x * xScale0, acc[tile][0]);
        acc[tile][1] = fmaf((float)c[1], scale.x * xScale1, acc[tile][1]);
        acc[tile][2] = fmaf((float)c[2], scale.y * xScale0, acc[tile][2]);
        acc[tile][3] = fmaf((float)c[3], scale.y * xScale1, acc[tile][3]);
        if (minima != nullptr) {
          mmaS8(c, ones, ones, ones, ones, b.x, b.y);
          acc[tile][0] = fmaf((float)c[0], minimum.x * xScale0, acc[tile][0]);
          acc[tile][1] = fmaf((float)c[1], minimum.x * xScale1, acc[tile][1]);
          acc[tile][2] = fmaf((float)c[2], minimum.y * xScale0, acc[tile][2]);
          acc[tile][3] = fmaf((float)c[3], minimum.y * xScale1, acc[tile][3]);
        }
      }
    }
  }
  reduceAndStore<TILES>(acc, member, rows, [](int) { return 1.0f; });
}

#define GEMM(N)                                                                                     \
  extern "C" __global__ void __launch_bounds__(256) gemm_any_n##N(                                  \
      const __grid_constant__ Group group, const int8_t* __restrict__ x,                            \
      const float* __restrict__ xScales, int rows, int columns, int sub) {                          \
    gemm<N / 8>(memberOf(group), x, xScales, rows, columns, sub);                                   \
  }
GEMM(8)
GEMM(64)
