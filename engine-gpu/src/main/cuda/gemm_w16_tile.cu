// Prefill with weights of binary16: a block makes 128 outputs for 64 rows, as gemm_tile.cuh does;
// parameters as gemm_w16_nN's, and the same sums, to the bit.
// Launch: grid (ceil(outputs / 128), ceil(rows / 64)), 256 threads; padded rows a multiple of 64.
#include "copies.cuh"
#include "gemm.cuh"

constexpr int TILE_ROWS = 64;
constexpr int STAGES = 3;
constexpr int STRIDE = 32; // elements between rows in shared memory: two rows fill the banks

extern "C" __global__ void __launch_bounds__(256, 1) gemm_w16_tile(const uint4* __restrict__ weight, const uint16_t* __restrict__ hi, const uint16_t* __restrict__ lo, const float* __restrict__ rowScale, float* __restrict__ out, int rows, int outputs, int columns) {
  __shared__ __align__(16) uint16_t ofX[STAGES][2][TILE_ROWS * STRIDE];
  int thread = threadIdx.x, warp = thread / 32, lane = thread % 32, group = lane / 4, quad = lane % 4;
  int slabs = columns / 32, splits = min(SPLITS_MAX, slabs), tiles = (outputs + 15) / 16;
  int tile = blockIdx.x * 8 + warp;
  const uint4* of = weight + (size_t)min(tile, tiles - 1) * slabs * 64 + lane;
  size_t row = (size_t)blockIdx.y * TILE_ROWS;
  auto fetch = [&](int slab) {
    if (slab < slabs) {
      int stage = slab % STAGES, r = thread / 4, part = thread % 4 * 8;
      size_t from = (row + r) * columns + slab * 32 + part;
      copyAsync<16>(&ofX[stage][0][r * STRIDE + part], hi + from);
      copyAsync<16>(&ofX[stage][1][r * STRIDE + part], lo + from);
    }
    commitCopies(); // also when there is nothing: groups are counted
  };
  for (int slab = 0; slab < STAGES - 1; slab++) fetch(slab);
  float acc[8][4] = {}, rest[8][4] = {}, total[8][4] = {};
  int split = 0;
  for (int slab = 0; slab < slabs; slab++) {
    uint4 upper = of[(size_t)slab * 64], lower = of[(size_t)slab * 64 + 32];
    awaitCopies<STAGES - 2>();
    __syncthreads(); // the step has landed for all, and all have left the one that is fetched over
    fetch(slab + STAGES - 1);
    int stage = slab % STAGES;
#pragma unroll
    for (int n = 0; n < 8; n++) {
      int at = (n * 8 + group) * STRIDE + quad * 8;
      uint4 b = *(const uint4*)&ofX[stage][0][at], d = *(const uint4*)&ofX[stage][1][at];
      mmaF16(acc[n], upper.x, lower.x, upper.y, lower.y, b.x, b.y);
      mmaF16(acc[n], upper.z, lower.z, upper.w, lower.w, b.z, b.w);
      mmaF16(rest[n], upper.x, lower.x, upper.y, lower.y, d.x, d.y);
      mmaF16(rest[n], upper.z, lower.z, upper.w, lower.w, d.z, d.w);
    }
    if (slab + 1 == chunkStart(slabs, split + 1, splits)) {
      split++;
#pragma unroll
      for (int n = 0; n < 8; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          total[n][i] += fmaf(rest[n][i], 1.0f / 2048, acc[n][i]);
          acc[n][i] = rest[n][i] = 0;
        }
      }
    }
  }
#pragma unroll
  for (int n = 0; n < 8; n++) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      size_t r = row + n * 8 + 2 * quad + i % 2;
      int o = tile * 16 + group + i / 2 * 8;
      if (r < rows && o < outputs) out[r * outputs + o] = total[n][i] * rowScale[r];
    }
  }
}
