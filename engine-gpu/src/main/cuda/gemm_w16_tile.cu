// Weights of binary16 for more than 8 rows; parameters as gemm_w16.cu's, but blocks of 256 outputs.
// chunks f32 [chunks][rows][256 gridDim.x], 0 if gridDim.z is 1.
// Launch of gemm_w16_tile_nN: grid (sum of the weights' ceil(outputs / 256), ceil(rows / N), 1 to 8),
// 256 threads, 99 KiB of dynamic shared memory; padded rows is a multiple of N.
#include "gemm_tile.cuh"
#include "halves.cuh"

template <int OF_TILES>
struct Step16 {
  static constexpr int TILES = OF_TILES, ROWS = 8 * TILES;
  static constexpr int STRIDE = 64; // bytes between rows: two of them fill the banks
  static constexpr int LOW = ROWS * STRIDE, WEIGHTS = 2 * LOW;
  static constexpr int BYTES = WEIGHTS + TILE_WARPS * MINE * W16::BYTES;

  Member member;
  const uint16_t* hi;
  const uint16_t* lo;
  int slabs;

  __device__ static int weights(int m) { return WEIGHTS + ((int)threadIdx.x / 32 * MINE + m) * W16::BYTES; }

  __device__ void fetch(char* stage, int slab) const {
    size_t row = (size_t)blockIdx.y * ROWS;
    for (int at = threadIdx.x; at < ROWS * 4; at += 256) {
      int r = at / 4, part = at % 4 * 8;
      size_t from = (row + r) * slabs * 32 + slab * 32 + part;
      copyAsync<16>(stage + r * STRIDE + part * 2, hi + from);
      copyAsync<16>(stage + LOW + r * STRIDE + part * 2, lo + from);
    }
    if (idle(member)) return;
#pragma unroll
    for (int m = 0; m < MINE; m++) W16::copy(stage + weights(m), (const uint4*)member.parts[0] + ((size_t)tileOf(member, m) * slabs + slab) * 64, threadIdx.x % 32);
  }

  __device__ void multiply(const char* stage, float (&acc)[MINE][TILES][4]) const {
    if (idle(member)) return;
    int lane = threadIdx.x % 32;
    W16 of[MINE];
#pragma unroll
    for (int m = 0; m < MINE; m++) of[m].load((const uint4*)(stage + weights(m)), lane);
#pragma unroll
    for (int n = 0; n < TILES; n++) {
      int at = (n * 8 + lane / 4) * STRIDE + lane % 4 * 16;
      uint4 b = *(const uint4*)(stage + at), d = *(const uint4*)(stage + LOW + at);
#pragma unroll
      for (int m = 0; m < MINE; m++) of[m].add(acc[m][n], b, d);
    }
  }
};

#define TILE_GEMM(N)                                                                                       \
  extern "C" __global__ void __launch_bounds__(256, 1) gemm_w16_tile_n##N(                                 \
      const __grid_constant__ Group group, const uint16_t* __restrict__ hi, const uint16_t* __restrict__ lo, \
      const float* __restrict__ rowScale, float* __restrict__ chunks, int rows, int columns) {             \
    Member member = memberOf(group);                                                                       \
    tileGemm(Step16<N / 8>{member, hi, lo, columns / 32}, member, rowScale, chunks, rows, columns / 32);      \
  }
TILE_GEMM(16)
TILE_GEMM(32)
TILE_GEMM(64)
