// Weights of 4 bits (Q4_0) times activations of 8 bits: out[row][o] = sum over k of w[o][k] x[row][k].
//
// Made for decoding, which the weights' bytes bound: they are the A operand of mma.sync (16
// outputs), activations the B operand (8 rows), so that a batch of 8 costs what one costs. A lane's
// fragment of 64 k is one 16-byte load; no weight goes through shared memory. The products of a block of
// 32 are exact in int32; blocks are added in float32 with the product of both scales.
//
// quants u32 and scales binary16 as packed.cuh says; x i8 [padded rows][K], xScales f32
// [padded rows][K/32] from quantise_q8; out f32 [rows][outputs]. K is a multiple of 64.
// Launch of gemm_w4_nN: grid (ceil(outputs / 16), ceil(rows / N)), 32 x min(8, K / 64) threads;
// padded rows is a multiple of N.
#include "gemm.cuh"

template <int TILES>
__device__ inline void gemm(const uint4* quants, const uint2* scales, const int8_t* x, const float* xScales, float* out, int rows, int outputs, int columns) {
  constexpr int UNROLL = TILES < 4 ? 4 / TILES : 1;
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, group = lane / 4, quad = lane % 4;
  int pairs = columns / 64, splits = blockDim.x / 32;
  int end = chunkStart(pairs, warp + 1, splits);
  const uint4* ofQuants = quants + (size_t)blockIdx.x * pairs * 32 + lane;
  const uint2* ofScales = scales + (size_t)blockIdx.x * pairs * 8 + group;
  int row = blockIdx.y * 8 * TILES;
  const int8_t* ofX = x + (size_t)(row + group) * columns + 8 * quad;
  const float* ofXScales = xScales + (size_t)(row + 2 * quad) * (columns / 32);
  float acc[TILES][4] = {};
#pragma unroll UNROLL
  for (int pair = chunkStart(pairs, warp, splits); pair < end; pair++) {
    uint4 word = ofQuants[(size_t)pair * 32];
    uint2 scale = ofScales[(size_t)pair * 8];
#pragma unroll
    for (int block = 0; block < 2; block++) {
      uint32_t upper = block ? word.z : word.x, lower = block ? word.w : word.y;
      // A nibble in a byte's upper half is 16 times itself, sign included.
      uint32_t a0 = upper << 4 & 0xf0f0f0f0u, a1 = lower << 4 & 0xf0f0f0f0u;
      uint32_t a2 = upper & 0xf0f0f0f0u, a3 = lower & 0xf0f0f0f0u;
      uint32_t both = block ? scale.y : scale.x;
      float scaleUpper = halfBits(both & 0xffff), scaleLower = halfBits(both >> 16);
#pragma unroll
      for (int tile = 0; tile < TILES; tile++) {
        uint2 b = *(const uint2*)(ofX + (size_t)tile * 8 * columns + pair * 64 + block * 32);
        const float* xs = ofXScales + (size_t)tile * 8 * (columns / 32) + pair * 2 + block;
        float xScale0 = xs[0], xScale1 = xs[columns / 32];
        int c[4];
        mmaS8(c, a0, a1, a2, a3, b.x, b.y);
        acc[tile][0] = fmaf((float)(c[0] >> 4), scaleUpper * xScale0, acc[tile][0]);
        acc[tile][1] = fmaf((float)(c[1] >> 4), scaleUpper * xScale1, acc[tile][1]);
        acc[tile][2] = fmaf((float)(c[2] >> 4), scaleLower * xScale0, acc[tile][2]);
        acc[tile][3] = fmaf((float)(c[3] >> 4), scaleLower * xScale1, acc[tile][3]);
      }
    }
  }
  reduceAndStore<TILES>(acc, out, rows, outputs, [](int) { return 1.0f; });
}

#define GEMM(N, BLOCKS)                                                                                     \
  extern "C" __global__ void __launch_bounds__(256, BLOCKS) gemm_w4_n##N(                                   \
      const uint4* __restrict__ quants, const uint2* __restrict__ scales, const int8_t* __restrict__ x, \
      const float* __restrict__ xScales, float* __restrict__ out, int rows, int outputs, int columns) { \
    gemm<N / 8>(quants, scales, x, xScales, out, rows, outputs, columns);                           \
  }
GEMM(8, 3)
GEMM(16, 2)
GEMM(32, 1)
GEMM(64, 1)
