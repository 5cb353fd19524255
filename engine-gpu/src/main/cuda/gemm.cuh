// What the gemms share. K is cut into up to 8 chunks whose bounds depend on K alone; each chunk is
// summed by itself and the chunks are added in order, so that an output is the same, to the bit, in
// any batch and from any kernel.
#pragma once
#include "common.cuh"

constexpr int SPLITS_MAX = 8;

// Part `index` of `parts` of `count` things begins here.
__device__ inline int chunkStart(int count, int index, int parts) { return (int)((long long)count * index / parts); }

// One of the weights that are multiplied with the same activations in one launch.
struct Member {
  const void* parts[3]; // as its type's kernels want them; 0 for what it has not
  float* out;           // f32 [rows][outputs]
  int outputs, firstBlock;
};

// Up to three, one behind the other along the grid; the first block of what is not there is greater
// than any.
struct Group {
  Member members[3];
};

// The weight that this block works on; its firstBlock becomes the block's place within it.
__device__ inline Member memberOf(const Group& group) {
  Member member = group.members[0];
  if ((int)blockIdx.x >= group.members[1].firstBlock) member = group.members[1];
  if ((int)blockIdx.x >= group.members[2].firstBlock) member = group.members[2];
  member.firstBlock = (int)blockIdx.x - member.firstBlock;
  return member;
}

// Decode gemms: a block makes 16 outputs for 8 x TILES rows, each of its warps one chunk of K. Adds
// the warps' accumulators in order and writes them: acc[tile][i] of a lane is output
// lane / 4 + 8 (i / 2) and row 8 tile + 2 (lane % 4) + i % 2, as mma.sync leaves them.
template <int TILES, typename Factor>
__device__ inline void reduceAndStore(const float (&acc)[TILES][4], const Member& member, int rows, Factor factor) {
  __shared__ float sums[SPLITS_MAX][TILES * 4 * 32];
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, warps = blockDim.x / 32;
#pragma unroll
  for (int tile = 0; tile < TILES; tile++) {
#pragma unroll
    for (int i = 0; i < 4; i++) sums[warp][(tile * 4 + i) * 32 + lane] = acc[tile][i];
  }
  __syncthreads();
  for (int at = threadIdx.x; at < TILES * 128; at += blockDim.x) {
    int o = at % 16, r = at / 16; // neighbours write neighbours
    int from = (r / 8 * 4 + o / 8 * 2 + r % 2) * 32 + o % 8 * 4 + r % 8 / 2;
    float sum = 0;
    for (int split = 0; split < warps; split++) sum += sums[split][from];
    int row = blockIdx.y * 8 * TILES + r, output = member.firstBlock * 16 + o;
    if (row < rows && output < member.outputs) member.out[(size_t)row * member.outputs + output] = sum * factor(row);
  }
}
