// Weights of 4 bits with a scale and a minimum of 6 bits for each 32 (Q4_K) times activations of 8
// bits: as gemm_w4.cu. A block's minimum meets the sum of the block's activations, which the tensor
// cores make by a product with ones.
//
// quants u32 as Q4_0's (packed.cuh), but 0 to 15 and not changed; small u8 [rows/16][K/64][8][2 rows]
// [2 blocks][scale, minimum]; super binary16 [rows/16][K/256][8][2 rows][d, dmin]; x, xScales, out
// as gemm_w4's. An element is (d x scale) x quant - dmin x minimum. K is a multiple of 256.
// Launch of gemm_w4k_nN: grid (ceil(outputs / 16), ceil(rows / N)), 32 x min(8, K / 64) threads.
#include "gemm.cuh"

constexpr uint32_t ONES = 0x01010101u, NIBBLES = 0x0f0f0f0fu;

template <int TILES>
__device__ inline void gemm(const uint4* quants, const uint2* small, const uint2* super, const int8_t* x, const float* xScales, float* out, int rows, int outputs, int columns) {
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, group = lane / 4, quad = lane % 4;
  int pairs = columns / 64, splits = blockDim.x / 32;
  int end = chunkStart(pairs, warp + 1, splits);
  const uint4* ofQuants = quants + (size_t)blockIdx.x * pairs * 32 + lane;
  const uint2* ofSmall = small + (size_t)blockIdx.x * pairs * 8 + group;
  const uint2* ofSuper = super + (size_t)blockIdx.x * (pairs / 4) * 8 + group;
  int row = blockIdx.y * 8 * TILES;
  const int8_t* ofX = x + (size_t)(row + group) * columns + 8 * quad;
  const float* ofXScales = xScales + (size_t)(row + 2 * quad) * (columns / 32);
  float acc[TILES][4] = {};
#pragma unroll 1
  for (int pair = chunkStart(pairs, warp, splits); pair < end; pair++) {
    uint4 word = ofQuants[(size_t)pair * 32];
    uint2 sixes = ofSmall[(size_t)pair * 8], halves = ofSuper[(size_t)(pair / 4) * 8];
    float dUpper = halfBits(halves.x & 0xffff), minUpper = halfBits(halves.x >> 16);
    float dLower = halfBits(halves.y & 0xffff), minLower = halfBits(halves.y >> 16);
#pragma unroll
    for (int block = 0; block < 2; block++) {
      uint32_t upper = block ? word.z : word.x, lower = block ? word.w : word.y;
      uint32_t a0 = upper & NIBBLES, a1 = lower & NIBBLES;
      uint32_t a2 = upper >> 4 & NIBBLES, a3 = lower >> 4 & NIBBLES;
      uint32_t sixUpper = sixes.x >> (16 * block), sixLower = sixes.y >> (16 * block);
      float scaleUpper = dUpper * (float)(sixUpper & 255), scaleLower = dLower * (float)(sixLower & 255);
      float ofMinUpper = -(minUpper * (float)(sixUpper >> 8 & 255));
      float ofMinLower = -(minLower * (float)(sixLower >> 8 & 255));
#pragma unroll
      for (int tile = 0; tile < TILES; tile++) {
        uint2 b = *(const uint2*)(ofX + (size_t)tile * 8 * columns + pair * 64 + block * 32);
        const float* xs = ofXScales + (size_t)tile * 8 * (columns / 32) + pair * 2 + block;
        float xScale0 = xs[0], xScale1 = xs[columns / 32];
        int c[4], sums[4];
        mmaS8(c, a0, a1, a2, a3, b.x, b.y);
        mmaS8(sums, ONES, ONES, ONES, ONES, b.x, b.y);
        float sum0 = (float)sums[0], sum1 = (float)sums[1];
        acc[tile][0] = fmaf((float)c[0], scaleUpper * xScale0, acc[tile][0]);
        acc[tile][1] = fmaf((float)c[1], scaleUpper * xScale1, acc[tile][1]);
        acc[tile][2] = fmaf((float)c[2], scaleLower * xScale0, acc[tile][2]);
        acc[tile][3] = fmaf((float)c[3], scaleLower * xScale1, acc[tile][3]);
        acc[tile][0] = fmaf(sum0, ofMinUpper * xScale0, acc[tile][0]);
        acc[tile][1] = fmaf(sum1, ofMinUpper * xScale1, acc[tile][1]);
        acc[tile][2] = fmaf(sum0, ofMinLower * xScale0, acc[tile][2]);
        acc[tile][3] = fmaf(sum1, ofMinLower * xScale1, acc[tile][3]);
      }
    }
  }
  reduceAndStore<TILES>(acc, out, rows, outputs, [](int) { return 1.0f; });
}

#define GEMM(N, BLOCKS)                                                                             \
  extern "C" __global__ void __launch_bounds__(256, BLOCKS) gemm_w4k_n##N(                          \
      const uint4* __restrict__ quants, const uint2* __restrict__ small, const uint2* __restrict__ super, \
      const int8_t* __restrict__ x, const float* __restrict__ xScales, float* __restrict__ out,     \
      int rows, int outputs, int columns) {                                                         \
    gemm<N / 8>(quants, small, super, x, xScales, out, rows, outputs, columns);                     \
  }
GEMM(8, 2)
GEMM(16, 2)
GEMM(32, 1)
GEMM(64, 1)
