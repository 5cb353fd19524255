// More than 8 rows: a block makes 256 outputs for 8 x TILES rows. Weights and activations arrive in
// shared memory several steps ahead, so that some 45 KiB are on their way while the tensor cores
// work; each of the 8 warps multiplies 32 outputs with all the rows, which halves what is read of
// shared memory for each product, and 256 outputs share what is read of the activations.
//
// Where outputs alone give too few blocks, gridDim.z blocks share the chunks of K; each chunk's sums
// go to memory and gemm_merge adds them. Sums follow gemm.cuh's chunks either way.
#pragma once
#include "copies.cuh"
#include "gemm.cuh"

constexpr int TILE_OUTPUTS = 256, TILE_WARPS = 8, MINE = 2; // tiles of 16 outputs of a warp
constexpr int TILE_BYTES = 99 << 10;                         // of shared memory: what sm_86 and 89 have
constexpr int STAGES_MAX = 8;

// This warp's m-th tile of 16 outputs; a last one that is not there is the one before.
__device__ inline int tileOf(const Member& member, int m) {
  return min((member.firstBlock * TILE_WARPS + (int)threadIdx.x / 32) * MINE + m, (member.outputs - 1) / 16);
}

// Whether this warp has no outputs: it only helps with the activations.
__device__ inline bool idle(const Member& member) {
  return (member.firstBlock * TILE_WARPS + (int)threadIdx.x / 32) * MINE * 16 >= member.outputs;
}

// Writes sums[m][n][i] of a lane: output lane / 4 + 8 (i / 2) of tile m, row 8 n + 2 (lane % 4) + i % 2.
template <int TILES>
__device__ inline void store(const float (&sums)[MINE][TILES][4], float* out, int rows, int width, int firstOutput, const float* rowScale) {
  int lane = threadIdx.x % 32;
#pragma unroll
  for (int n = 0; n < TILES; n++) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      int row = blockIdx.y * 8 * TILES + n * 8 + 2 * (lane % 4) + i % 2;
      if (row >= rows) continue;
      float factor = rowScale == nullptr ? 1.0f : rowScale[row];
#pragma unroll
      for (int m = 0; m < MINE; m++) {
        int output = firstOutput + ((int)threadIdx.x / 32 * MINE + m) * 16 + lane / 4 + i / 2 * 8;
        if (output < width) out[(size_t)row * width + output] = sums[m][n][i] * factor;
      }
    }
  }
}

// Step: TILES; BYTES of a stage; fetch(stage, piece) starts its copies; multiply(stage, acc).
// pieces: steps of K; chunks f32 [chunks][rows][256 gridDim.x], if gridDim.z > 1.
template <typename Step>
__device__ inline void tileGemm(const Step& step, const Member& member, const float* rowScale, float* chunks, int rows, int pieces) {
  constexpr int STAGES = TILE_BYTES / Step::BYTES < STAGES_MAX ? TILE_BYTES / Step::BYTES : STAGES_MAX;
  constexpr int TILES = Step::TILES;
  extern __shared__ __align__(16) char stages[];
  int splits = min(SPLITS_MAX, pieces);
  int chunk = chunkStart(splits, blockIdx.z, gridDim.z);
  int end = chunkStart(pieces, chunkStart(splits, blockIdx.z + 1, gridDim.z), splits);
  int piece = chunkStart(pieces, chunk, splits), edge = chunkStart(pieces, chunk + 1, splits);
  int fetched = piece;
  for (int i = 0; i < STAGES - 1; i++) {
    if (fetched < end) step.fetch(stages + fetched % STAGES * Step::BYTES, fetched);
    commitCopies(); // also when there is nothing: groups are counted
    fetched++;
  }
  float acc[MINE][TILES][4] = {}, total[MINE][TILES][4] = {};
  for (; piece < end; piece++) {
    awaitCopies<STAGES - 2>();
    __syncthreads(); // the step has landed for all, and all have left the one that is fetched over
    if (fetched < end) step.fetch(stages + fetched % STAGES * Step::BYTES, fetched);
    commitCopies();
    fetched++;
    step.multiply(stages + piece % STAGES * Step::BYTES, acc);
    if (piece + 1 < edge) continue;
    if (gridDim.z > 1) {
      int width = gridDim.x * TILE_OUTPUTS;
      store<TILES>(acc, chunks + (size_t)chunk * rows * width, rows, width, blockIdx.x * TILE_OUTPUTS, nullptr);
    }
    chunk++;
    edge = chunkStart(pieces, chunk + 1, splits);
#pragma unroll
    for (int m = 0; m < MINE; m++) {
#pragma unroll
      for (int n = 0; n < TILES; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) total[m][n][i] += acc[m][n][i], acc[m][n][i] = 0;
      }
    }
  }
  if (gridDim.z == 1) store<TILES>(total, member.out, rows, member.outputs, member.firstBlock * TILE_OUTPUTS, rowScale);
}
