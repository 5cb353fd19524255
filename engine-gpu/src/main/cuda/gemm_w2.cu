// Weights of 2 bits, -1 to 2 times a scale for each 256 (TQ2_0, what BitNet's become) times
// activations of 8 bits: as gemm_w4.cu; one 16-byte load a lane holds 128 k of two rows.
//
// parts: quants u32 [rows/16][K/128][32 lanes][2 pairs of blocks][2 rows]: element e = k % 8 of block
// b = k / 32 % 2 is bits 8 (e % 4) + 4 b + 2 (e / 4) and the next, its value those bits less 1.
// scales binary16 [rows/16][K/256][8][2 rows]; the rest as gemm_w4's. K is a multiple of 256.
// Launch of gemm_w2_nN: grid (sum of the weights' ceil(outputs / 16), ceil(rows / N)),
// 32 x min(8, K / 128) threads; padded rows is a multiple of N.
#include "gemm.cuh"

// Four elements of two bits, each to a byte; 1 off every byte.
__device__ inline uint32_t ternary(uint32_t word, int at) {
  return (((word >> (2 * at) & 0x03030303u) | 0x80808080u) - 0x01010101u) ^ 0x80808080u;
}

template <int TILES>
__device__ inline void gemm(const Member& member, const int8_t* x, const float* xScales, int rows, int columns) {
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, group = lane / 4, quad = lane % 4;
  int fours = columns / 128, splits = blockDim.x / 32;
  int end = chunkStart(fours, warp + 1, splits);
  const uint4* ofQuants = (const uint4*)member.parts[0] + (size_t)member.firstBlock * fours * 32 + lane;
  const uint32_t* ofScales = (const uint32_t*)member.parts[1] + (size_t)member.firstBlock * (fours / 2) * 8 + group;
  int row = blockIdx.y * 8 * TILES;
  const int8_t* ofX = x + (size_t)(row + group) * columns + 8 * quad;
  const float* ofXScales = xScales + (size_t)(row + 2 * quad) * (columns / 32);
  float acc[TILES][4] = {};
#pragma unroll 1
  for (int four = chunkStart(fours, warp, splits); four < end; four++) {
    uint4 word = ofQuants[(size_t)four * 32];
    uint32_t both = ofScales[(size_t)(four / 2) * 8];
    float scaleUpper = halfBits(both & 0xffff), scaleLower = halfBits(both >> 16);
#pragma unroll
    for (int block = 0; block < 4; block++) {
      uint32_t upper = block < 2 ? word.x : word.z, lower = block < 2 ? word.y : word.w;
      int at = block % 2 * 2;
      uint32_t a0 = ternary(upper, at), a1 = ternary(lower, at);
      uint32_t a2 = ternary(upper, at + 1), a3 = ternary(lower, at + 1);
#pragma unroll
      for (int tile = 0; tile < TILES; tile++) {
        uint2 b = *(const uint2*)(ofX + (size_t)tile * 8 * columns + four * 128 + block * 32);
        const float* xs = ofXScales + (size_t)tile * 8 * (columns / 32) + four * 4 + block;
        float xScale0 = xs[0], xScale1 = xs[columns / 32];
        int c[4];
        mmaS8(c, a0, a1, a2, a3, b.x, b.y);
        acc[tile][0] = fmaf((float)c[0], scaleUpper * xScale0, acc[tile][0]);
        acc[tile][1] = fmaf((float)c[1], scaleUpper * xScale1, acc[tile][1]);
        acc[tile][2] = fmaf((float)c[2], scaleLower * xScale0, acc[tile][2]);
        acc[tile][3] = fmaf((float)c[3], scaleLower * xScale1, acc[tile][3]);
      }
    }
  }
  reduceAndStore<TILES>(acc, member, rows, [](int) { return 1.0f; });
}

#define GEMM(N, BLOCKS)                                                                             \
  extern "C" __global__ void __launch_bounds__(256, BLOCKS) gemm_w2_n##N(                           \
      const __grid_constant__ Group group, const int8_t* __restrict__ x,                            \
      const float* __restrict__ xScales, int rows, int columns) {                                   \
    gemm<N / 8>(memberOf(group), x, xScales, rows, columns);                                        \
  }
GEMM(8, 2)
GEMM(16, 2)
GEMM(32, 1)
GEMM(64, 1)
