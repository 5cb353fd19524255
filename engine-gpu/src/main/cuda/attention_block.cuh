// What a block of attention has to do, and how its warps' parts become one: see attention.cuh.
#pragma once
#include "common.cuh"
#include "splits.cuh"

constexpr int WARPS = 4;
constexpr int RUN = SPLIT / WARPS; // positions of a warp: each lane finds the slot of one
static_assert(RUN == 32);

struct Cache {
  const void* k;
  const void* v;
  const float* scalesK;
  const float* scalesV;
};

struct Batch {
  const int* positions;
  const int* rowSegment;
  const int* tables;
  int tableStride, blockTokens;
};

struct Shape {
  int heads, kvHeads, headDim, splits, window;
  float scale, softCap;
};

// What one warp works on: up to 8 query heads and the positions from..to of its 32, one at least.
struct Work {
  const float* q; // of the first of the heads
  int count, kvHead;
  int base, from, to;
};

// What a warp found: the greatest score, the sum of weights, the sum of weighted values.
template <int D, int HEADS>
struct Parts {
  float maxima[WARPS][HEADS], totals[WARPS][HEADS];
  float values[WARPS][HEADS][D + 4]; // + 4: heads in different banks
};

// The vector of keys (and values) of the lane's own position; of the nearest one seen if it is not.
__device__ inline int ownVector(Batch batch, Shape shape, Work work, int segment) {
  int position = min(max(work.base + (int)threadIdx.x % 32, work.from), work.to);
  int block = batch.tables[(size_t)segment * batch.tableStride + position / batch.blockTokens];
  return (block * batch.blockTokens + position % batch.blockTokens) * shape.kvHeads + work.kvHead;
}

__device__ inline float capped(float score, float softCap) {
  return softCap > 0 ? softCap * (1.0f - 2.0f / (1.0f + expf(2.0f / softCap * score))) : score;
}

// ofWarp: what a warp does, called with (Cache, Batch, Shape, Work, segment, Parts&).
template <int D, int HEADS, typename OfWarp>
__device__ inline void attend(const float* q, Cache cache, Batch batch, Shape shape, float* partial, OfWarp ofWarp) {
  __shared__ Parts<D, HEADS> parts;
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  int row = blockIdx.z, split = blockIdx.x;
  int last = batch.positions[row], segment = batch.rowSegment[row];
  int group = shape.heads / shape.kvHeads, blocks = (group + HEADS - 1) / HEADS;
  int kvHead = blockIdx.y / blocks, headInGroup = blockIdx.y % blocks * HEADS;
  int count = min(HEADS, group - headInGroup), head = kvHead * group + headInGroup;
  int from = max(split * SPLIT, firstSeen(last, shape.window)), to = min(split * SPLIT + SPLIT - 1, last);
  if (from > to) return; // all threads: nothing of this split is seen
  int base = split * SPLIT + warp * RUN;
  from = max(from, base), to = min(to, base + RUN - 1);
  if (from <= to) {
    const float* ofQ = q + ((size_t)row * shape.heads + head) * shape.headDim;
    ofWarp(cache, batch, shape, Work{ofQ, count, kvHead, base, from, to}, segment, parts);
  } else {
    if (lane < HEADS) parts.maxima[warp][lane] = -INFINITY, parts.totals[warp][lane] = 0;
    for (int h = 0; h < count; h++) {
      for (int i = lane; i < shape.headDim; i += 32) parts.values[warp][h][i] = 0;
    }
  }
  __syncthreads();
  for (int at = threadIdx.x; at < count * shape.headDim; at += blockDim.x) {
    int h = at / shape.headDim, i = at % shape.headDim;
    float max = -INFINITY, sum = 0, value = 0;
#pragma unroll
    for (int w = 0; w < WARPS; w++) max = most(max, parts.maxima[w][h]);
#pragma unroll
    for (int w = 0; w < WARPS; w++) {
      float shrink = expf(parts.maxima[w][h] - max);
      sum = fmaf(parts.totals[w][h], shrink, sum);
      value = fmaf(parts.values[w][h][i], shrink, value);
    }
    float* of = partial + (((size_t)row * shape.heads + head + h) * shape.splits + split) * (2 + shape.headDim);
    if (i == 0) of[0] = max, of[1] = sum;
    of[2 + i] = value;
  }
}
