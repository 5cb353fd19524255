// Fragments of weights of 8 and 4 bits, 64 k of 16 outputs at a time: what decode and prefill share.
#pragma once
#include "gemm.cuh"

// Q8_0: a 16-byte load a lane for each 32.
struct Q8 {
  uint4 word[2];
  uint32_t scale[2]; // of rows g and g + 8

  __device__ void load(const void* quants, const void* scales, size_t pair, int lane) {
    const uint4* of = (const uint4*)quants + pair * 64 + lane;
    const uint32_t* ofScales = (const uint32_t*)scales + pair * 16 + lane / 4;
#pragma unroll
    for (int block = 0; block < 2; block++) word[block] = of[block * 32], scale[block] = ofScales[block * 8];
  }
  __device__ void fragment(int block, uint32_t (&a)[4]) const {
    a[0] = word[block].x, a[1] = word[block].z, a[2] = word[block].y, a[3] = word[block].w;
  }
  __device__ uint32_t scales(int block) const { return scale[block]; }
  __device__ static float widen(int product) { return (float)product; }
};

// Q4_0: a 16-byte load a lane for 64. A nibble in a byte's upper half is 16 times itself, sign
// included; the products are exact multiples of 16.
struct Q4 {
  uint4 word;
  uint2 scale;

  __device__ void load(const void* quants, const void* scales, size_t pair, int lane) {
    word = ((const uint4*)quants)[pair * 32 + lane];
    scale = ((const uint2*)scales)[pair * 8 + lane / 4];
  }
  __device__ void fragment(int block, uint32_t (&a)[4]) const {
    uint32_t upper = block ? word.z : word.x, lower = block ? word.w : word.y;
    a[0] = upper << 4 & 0xf0f0f0f0u, a[1] = lower << 4 & 0xf0f0f0f0u;
    a[2] = upper & 0xf0f0f0f0u, a[3] = lower & 0xf0f0f0f0u;
  }
  __device__ uint32_t scales(int block) const { return block ? scale.y : scale.x; }
  __device__ static float widen(int product) { return (float)(product >> 4); }
};

// Adds a block of 32: products are exact in int32 and meet both scales in float32.
template <typename Weights>
__device__ inline void addBlock(float (&acc)[4], const uint32_t (&a)[4], uint32_t scales, uint2 b, float xScale0, float xScale1) {
  float upper = halfBits(scales & 0xffff), lower = halfBits(scales >> 16);
  int c[4];
  mmaS8(c, a[0], a[1], a[2], a[3], b.x, b.y);
  acc[0] = fmaf(Weights::widen(c[0]), upper * xScale0, acc[0]);
  acc[1] = fmaf(Weights::widen(c[1]), upper * xScale1, acc[1]);
  acc[2] = fmaf(Weights::widen(c[2]), lower * xScale0, acc[2]);
  acc[3] = fmaf(Weights::widen(c[3]), lower * xScale1, acc[3]);
}

// A decode gemm over pairs of blocks: see gemm_w4.cu.
template <typename Weights, int TILES>
__device__ inline void decodeGemm(const void* quants, const void* scales, const int8_t* x, const float* xScales, float* out, int rows, int outputs, int columns) {
  constexpr int UNROLL = TILES < 4 ? 4 / TILES : 1;
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, group = lane / 4, quad = lane % 4;
  int pairs = columns / 64, splits = blockDim.x / 32;
  int end = chunkStart(pairs, warp + 1, splits);
  int row = blockIdx.y * 8 * TILES;
  const int8_t* ofX = x + (size_t)(row + group) * columns + 8 * quad;
  const float* ofXScales = xScales + (size_t)(row + 2 * quad) * (columns / 32);
  float acc[TILES][4] = {};
#pragma unroll UNROLL
  for (int pair = chunkStart(pairs, warp, splits); pair < end; pair++) {
    Weights weights;
    weights.load(quants, scales, (size_t)blockIdx.x * pairs + pair, lane);
#pragma unroll
    for (int block = 0; block < 2; block++) {
      uint32_t a[4];
      weights.fragment(block, a);
#pragma unroll
      for (int tile = 0; tile < TILES; tile++) {
        uint2 b = *(const uint2*)(ofX + (size_t)tile * 8 * columns + pair * 64 + block * 32);
        const float* xs = ofXScales + (size_t)tile * 8 * (columns / 32) + pair * 2 + block;
        addBlock<Weights>(acc[tile], a, weights.scales(block), b, xs[0], xs[columns / 32]);
      }
    }
  }
  reduceAndStore<TILES>(acc, out, rows, outputs, [](int) { return 1.0f; });
}

#define DECODE_GEMM(NAME, WEIGHTS, N, BLOCKS)                                                        \
  extern "C" __global__ void __launch_bounds__(256, BLOCKS) NAME##_n##N(                             \
      const void* __restrict__ quants, const void* __restrict__ scales, const int8_t* __restrict__ x, \
      const float* __restrict__ xScales, float* __restrict__ out, int rows, int outputs, int columns) { \
    decodeGemm<WEIGHTS, N / 8>(quants, scales, x, xScales, out, rows, outputs, columns);             \
  }
