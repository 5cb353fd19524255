// A warp's part of attention in float32 throughout, to a cache of any type: see attention.cuh.
//
// A lane holds D / 32 dimensions of all heads. Keys and values of 8 positions are asked for at
// once, 8 KB of float32 a warp at D = 128, before anything is computed.
#pragma once
#include "attention_block.cuh"
#include "loads.cuh"

constexpr int STEP = 8; // positions a warp works on at a time

// Eight sums over the warp at once: lane l ends with the sum of sums[l / 4].
__device__ inline float sumEight(const float (&sums)[STEP], int lane) {
  float four[4], two[2];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    float mine = lane & 16 ? sums[i + 4] : sums[i], other = lane & 16 ? sums[i] : sums[i + 4];
    four[i] = mine + __shfl_xor_sync(WARP, other, 16);
  }
#pragma unroll
  for (int i = 0; i < 2; i++) {
    float mine = lane & 8 ? four[i + 2] : four[i], other = lane & 8 ? four[i] : four[i + 2];
    two[i] = mine + __shfl_xor_sync(WARP, other, 8);
  }
  float mine = lane & 4 ? two[1] : two[0], other = lane & 4 ? two[0] : two[1];
  float one = mine + __shfl_xor_sync(WARP, other, 4);
  one += __shfl_xor_sync(WARP, one, 2);
  return one + __shfl_xor_sync(WARP, one, 1);
}

template <int D, int HEADS, typename Kv>
struct FmaPart {
  static constexpr bool SCALED = sizeof(Kv) == 1;
  static constexpr int DIMS = D / 32;

  __device__ void operator()(Cache cache, Batch batch, Shape shape, Work work, int segment, Parts<D, HEADS>& parts) const {
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    int vector = ownVector(batch, shape, work, segment);
    int dim = lane * DIMS;
    bool mine = dim < shape.headDim;
    float keyScale = 1, valueScale = 1; // of the lane's own position
    if constexpr (SCALED) keyScale = cache.scalesK[vector], valueScale = cache.scalesV[vector];
    float ofQ[HEADS][DIMS], acc[HEADS][DIMS], greatest[HEADS], total[HEADS];
#pragma unroll
    for (int h = 0; h < HEADS; h++) {
      greatest[h] = -INFINITY, total[h] = 0;
#pragma unroll
      for (int i = 0; i < DIMS; i++) acc[h][i] = 0, ofQ[h][i] = 0;
      if (h < work.count && mine) Loads<DIMS, float>::load(work.q + (size_t)h * shape.headDim + dim, ofQ[h]);
    }
    int at = mine ? dim : 0; // lanes past the head read what another reads, and add nothing
#pragma unroll 1
    for (int step = 0; step < RUN; step += STEP) {
      if (work.base + step + STEP - 1 < work.from || work.base + step > work.to) continue; // all lanes
      float ofK[STEP][DIMS], ofV[STEP][DIMS], weights[HEADS];
#pragma unroll
      for (int j = 0; j < STEP; j++) {
        size_t from = (size_t)__shfl_sync(WARP, vector, step + j) * shape.headDim + at;
        Loads<DIMS, Kv>::load((const Kv*)cache.k + from, ofK[j]);
        Loads<DIMS, Kv>::load((const Kv*)cache.v + from, ofV[j]);
      }
      int position = work.base + step + lane / 4; // the position whose score this lane holds
      float keyScaled = shape.scale, valueScaled = 1;
      if constexpr (SCALED) {
        keyScaled *= __shfl_sync(WARP, keyScale, step + lane / 4);
        valueScaled = __shfl_sync(WARP, valueScale, step + lane / 4);
      }
      bool seen = position >= work.from && position <= work.to;
#pragma unroll
      for (int h = 0; h < HEADS; h++) {
        if (h >= work.count) break;
        float sums[STEP];
#pragma unroll
        for (int j = 0; j < STEP; j++) {
          sums[j] = 0;
#pragma unroll
          for (int i = 0; i < DIMS; i++) sums[j] = fmaf(ofQ[h][i], ofK[j][i], sums[j]);
        }
        float score = capped(sumEight(sums, lane) * keyScaled, shape.softCap);
        if (!seen) score = -INFINITY;
        float max = score;
#pragma unroll
        for (int apart = 4; apart <= 16; apart <<= 1) max = most(max, __shfl_xor_sync(WARP, max, apart));
        max = most(max, greatest[h]);
        float shrink = expf(greatest[h] - max); // of what came before; 0 at first
        float weight = expf(score - max);
        greatest[h] = max;
        total[h] = total[h] * shrink + weight;
        weights[h] = weight * valueScaled;
#pragma unroll
        for (int i = 0; i < DIMS; i++) acc[h][i] *= shrink;
      }
#pragma unroll
      for (int h = 0; h < HEADS; h++) {
        if (h >= work.count) break;
#pragma unroll
        for (int j = 0; j < STEP; j++) {
          float weight = __shfl_sync(WARP, weights[h], 4 * j);
#pragma unroll
          for (int i = 0; i < DIMS; i++) acc[h][i] = fmaf(weight, ofV[j][i], acc[h][i]);
        }
      }
    }
#pragma unroll
    for (int h = 0; h < HEADS; h++) {
      if (h >= work.count) break;
#pragma unroll
      for (int apart = 4; apart <= 16; apart <<= 1) total[h] += __shfl_xor_sync(WARP, total[h], apart);
      if (lane == 0) parts.maxima[warp][h] = greatest[h], parts.totals[warp][h] = total[h];
#pragma unroll
      for (int i = 0; i < DIMS; i++) parts.values[warp][h][dim + i] = acc[h][i];
    }
  }
};
