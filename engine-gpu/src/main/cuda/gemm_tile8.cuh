// Many rows, weights of 8 and 4 bits: as gemm_w4.cu, launched as gemm_tile.cuh says.
#pragma once
#include "gemm_tile.cuh"
#include "weights.cuh"

template <typename Weights, int OF_TILES>
struct Step8 {
  static constexpr int TILES = OF_TILES, ROWS = 8 * TILES;
  static constexpr int STRIDE = 96; // bytes between rows: 64 and what keeps banks apart
  static constexpr int X_SCALES = ROWS * STRIDE, WEIGHTS = X_SCALES + ROWS * 8;
  static constexpr int BYTES = WEIGHTS + TILE_WARPS * MINE * Weights::BYTES;

  Member member;
  const int8_t* x;
  const float* xScales;
  int pairs;

  __device__ static int weights(int m) { return WEIGHTS + ((int)threadIdx.x / 32 * MINE + m) * Weights::BYTES; }

  __device__ void fetch(char* stage, int pair) const {
    int thread = threadIdx.x;
    size_t row = (size_t)blockIdx.y * ROWS;
    if (thread < ROWS * 4) {
      int r = thread / 4, part = thread % 4 * 16;
      copyAsync<16>(stage + r * STRIDE + part, x + (row + r) * pairs * 64 + pair * 64 + part);
    }
    if (thread < ROWS) copyAsync<8>(stage + X_SCALES + thread * 8, xScales + ((row + thread) * pairs + pair) * 2);
    if (idle(member)) return;
#pragma unroll
    for (int m = 0; m < MINE; m++) Weights::copy(stage + weights(m), Weights::at(member, (size_t)tileOf(member, m) * pairs + pair), thread % 32);
  }

  __device__ void multiply(const char* stage, float (&acc)[MINE][TILES][4]) const {
    if (idle(member)) return;
    int lane = threadIdx.x % 32, group = lane / 4, quad = lane % 4;
    Weights of[MINE];
#pragma unroll
    for (int m = 0; m < MINE; m++) of[m].load(Weights::in(stage + weights(m)), lane);
#pragma unroll
    for (int i = 0; i < 2; i++) {
      typename Weights::Of32 block[MINE];
#pragma unroll
      for (int m = 0; m < MINE; m++) block[m] = of[m].block(i);
#pragma unroll
      for (int n = 0; n < TILES; n++) {
        uint2 b = *(const uint2*)(stage + (n * 8 + group) * STRIDE + i * 32 + quad * 8);
        float4 scales = *(const float4*)(stage + X_SCALES + (n * 8 + 2 * quad) * 8); // [2 rows][2 blocks]
        Columns columns = Weights::Of32::columns(b, i ? scales.y : scales.x, i ? scales.w : scales.z);
#pragma unroll
        for (int m = 0; m < MINE; m++) block[m].add(acc[m][n], b, columns);
      }
    }
  }
};

#define TILE_GEMM(NAME, WEIGHTS, N)                                                                         \
  extern "C" __global__ void __launch_bounds__(256, 1) NAME##_n##N(                                         \
      const __grid_constant__ Group group, const int8_t* __restrict__ x, const float* __restrict__ xScales, \
      float* __restrict__ chunks, int rows, int columns) {                                                  \
    Member member = memberOf(group);                                                                        \
    tileGemm(Step8<WEIGHTS, N / 8>{member, x, xScales, columns / 64}, member, nullptr, chunks, rows, columns / 64); \
  }
