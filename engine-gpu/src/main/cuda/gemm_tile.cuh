// Prefill with weights of 8 and 4 bits: a block makes 128 outputs for 64 rows. Each of its 8 warps
// reads its 16 outputs' weights straight into registers; all share the activations, which arrive in
// shared memory three steps ahead. Sums follow the chunks of K that the decode gemms' warps take, so
// that a row comes out the same, to the bit, from either.
#pragma once
#include "copies.cuh"
#include "weights.cuh"

constexpr int TILE_ROWS = 64;
constexpr int STAGES = 4;
constexpr int STRIDE = 96; // bytes between rows in shared memory: 64 and what keeps banks apart

template <typename Weights>
__device__ inline void tileGemm(const void* quants, const void* scales, const int8_t* x, const float* xScales, float* out, int rows, int outputs, int columns) {
  __shared__ __align__(16) int8_t ofX[STAGES][TILE_ROWS * STRIDE];
  __shared__ __align__(16) float2 ofXScales[STAGES][TILE_ROWS];
  int thread = threadIdx.x, warp = thread / 32, lane = thread % 32, group = lane / 4, quad = lane % 4;
  int pairs = columns / 64, splits = min(SPLITS_MAX, pairs), tiles = (outputs + 15) / 16;
  int tile = blockIdx.x * 8 + warp;
  size_t ofTile = (size_t)min(tile, tiles - 1) * pairs; // a warp too many helps with the copies
  size_t row = (size_t)blockIdx.y * TILE_ROWS;
  auto fetch = [&](int pair) {
    if (pair < pairs) {
      int stage = pair % STAGES, r = thread / 4, part = thread % 4 * 16;
      copyAsync<16>(&ofX[stage][r * STRIDE + part], x + (row + r) * columns + pair * 64 + part);
      if (thread < TILE_ROWS) copyAsync<8>(&ofXScales[stage][thread], xScales + (row + thread) * (columns / 32) + pair * 2);
    }
    commitCopies(); // also when there is nothing: groups are counted
  };
  for (int pair = 0; pair < STAGES - 1; pair++) fetch(pair);
  float acc[8][4] = {}, total[8][4] = {};
  int split = 0;
  for (int pair = 0; pair < pairs; pair++) {
    Weights weights;
    weights.load(quants, scales, ofTile + pair, lane);
    awaitCopies<STAGES - 2>();
    __syncthreads(); // the step has landed for all, and all have left the one that is fetched over
    fetch(pair + STAGES - 1);
    int stage = pair % STAGES;
#pragma unroll
    for (int block = 0; block < 2; block++) {
      uint32_t a[4];
      weights.fragment(block, a);
#pragma unroll
      for (int n = 0; n < 8; n++) {
        uint2 b = *(const uint2*)&ofX[stage][(n * 8 + group) * STRIDE + block * 32 + quad * 8];
        float2 first = ofXScales[stage][n * 8 + 2 * quad], second = ofXScales[stage][n * 8 + 2 * quad + 1];
        addBlock<Weights>(acc[n], a, weights.scales(block), b, block ? first.y : first.x, block ? second.y : second.x);
      }
    }
    if (pair + 1 == chunkStart(pairs, split + 1, splits)) {
      split++;
#pragma unroll
      for (int n = 0; n < 8; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) total[n][i] += acc[n][i], acc[n][i] = 0;
      }
    }
  }
#pragma unroll
  for (int n = 0; n < 8; n++) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      size_t r = row + n * 8 + 2 * quad + i % 2;
      int o = tile * 16 + group + i / 2 * 8;
      if (r < rows && o < outputs) out[r * outputs + o] = total[n][i];
    }
  }
}

#define TILE_GEMM(NAME, WEIGHTS)                                                                     \
  extern "C" __global__ void __launch_bounds__(256, 1) NAME##_tile(                                     \
      const void* __restrict__ quants, const void* __restrict__ scales, const int8_t* __restrict__ x, \
      const float* __restrict__ xScales, float* __restrict__ out, int rows, int outputs, int columns) { \
    tileGemm<WEIGHTS>(quants, scales, x, xScales, out, rows, outputs, columns);                      \
  }
