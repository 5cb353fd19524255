// Paged attention of every row, for decoding, and for chunks whose rows must come out the same as
// alone: out = softmax(scale q . k, capped) v over the positions a row sees.
//
// A block takes one row, a split of 256 positions and up to HEADS query heads of one KV head, so
// that keys and values are read once for the whole group. Splits lie at fixed positions, and the
// order within is fixed: a row comes out the same in any company. attention_merge adds the splits.
//
// q f32 [rows][heads][headDim]; the cache of one layer [slots][kvHeads][headDim] in the name's type,
// for int8 with scales f32 [slots][kvHeads] (others: 0); positions, rowSegment i32 [rows]; tables
// i32 [segments][tableStride], block ids; window: positions a row sees, 0 for all; softCap 0: none.
// partial f32 [rows][heads][splits][2 + headDim]: greatest score, sum of weights, weighted values.
// Names end in _dD, D = 32, 64, 128, 256: headDim <= D, a multiple of D / 32.
// Launch: grid (splits, kvHeads x ceil(group / HEADS), rows), 128 threads, group = heads / kvHeads,
// HEADS = 8 (4 for D = 256); splits = ceil((greatest position + 1) / 256).
#pragma once
#include "splits.cuh"

constexpr int WARPS = 4;
constexpr int STEP = 8; // positions a warp works on at a time

// Consecutive elements of a vector, widened; n and the addresses are multiples of DIMS.
template <int DIMS, typename Kv>
struct Loads;

template <int DIMS>
struct Loads<DIMS, float> {
  __device__ static void load(const float* from, float (&to)[DIMS]) {
    if constexpr (DIMS == 1) {
      to[0] = from[0];
    } else if constexpr (DIMS == 2) {
      float2 v = *(const float2*)from;
      to[0] = v.x, to[1] = v.y;
    } else {
#pragma unroll
      for (int i = 0; i < DIMS; i += 4) {
        float4 v = *(const float4*)(from + i);
        to[i] = v.x, to[i + 1] = v.y, to[i + 2] = v.z, to[i + 3] = v.w;
      }
    }
  }
};

template <int DIMS>
struct Loads<DIMS, __half> {
  __device__ static void load(const __half* from, float (&to)[DIMS]) {
    if constexpr (DIMS == 1) {
      to[0] = __half2float(from[0]);
    } else {
      uint32_t words[DIMS / 2];
      if constexpr (DIMS == 2) words[0] = *(const uint32_t*)from;
      if constexpr (DIMS == 4) *(uint2*)words = *(const uint2*)from;
      if constexpr (DIMS == 8) *(uint4*)words = *(const uint4*)from;
#pragma unroll
      for (int i = 0; i < DIMS / 2; i++) {
        to[2 * i] = halfBits(words[i] & 0xffff), to[2 * i + 1] = halfBits(words[i] >> 16);
      }
    }
  }
};

template <int DIMS>
struct Loads<DIMS, int8_t> {
  __device__ static void load(const int8_t* from, float (&to)[DIMS]) {
    uint32_t words[(DIMS + 3) / 4];
    if constexpr (DIMS == 1) words[0] = (uint8_t)from[0];
    if constexpr (DIMS == 2) words[0] = *(const uint16_t*)from;
    if constexpr (DIMS == 4) words[0] = *(const uint32_t*)from;
    if constexpr (DIMS == 8) *(uint2*)words = *(const uint2*)from;
#pragma unroll
    for (int i = 0; i < DIMS; i++) to[i] = (float)(int8_t)(words[i / 4] >> (i % 4 * 8));
  }
};

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
__device__ inline void attend(const float* q, Cache cache, Batch batch, Shape shape, float* partial) {
  constexpr int DIMS = D / 32;
  constexpr bool SCALED = sizeof(Kv) == 1;
  __shared__ float maxima[WARPS][HEADS], totals[WARPS][HEADS], values[WARPS][HEADS][D];
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  int row = blockIdx.z, split = blockIdx.x;
  int group = shape.heads / shape.kvHeads, parts = (group + HEADS - 1) / HEADS;
  int kvHead = blockIdx.y / parts, headInGroup = blockIdx.y % parts * HEADS;
  int count = min(HEADS, group - headInGroup), head = kvHead * group + headInGroup;
  int last = batch.positions[row];
  int from = max(split * SPLIT, firstSeen(last, shape.window)), to = min(split * SPLIT + SPLIT - 1, last);
  if (from > to) return; // all threads: nothing of this split is seen

  int dim = lane * DIMS;
  bool mine = dim < shape.headDim;
  float ofQ[HEADS][DIMS], acc[HEADS][DIMS], greatest[HEADS], total[HEADS];
#pragma unroll
  for (int h = 0; h < HEADS; h++) {
    greatest[h] = -INFINITY, total[h] = 0;
#pragma unroll
    for (int i = 0; i < DIMS; i++) acc[h][i] = 0, ofQ[h][i] = 0;
    if (h < count && mine) Loads<DIMS, float>::load(q + ((size_t)row * shape.heads + head + h) * shape.headDim + dim, ofQ[h]);
  }
  const int* table = batch.tables + (size_t)batch.rowSegment[row] * batch.tableStride;

#pragma unroll 1
  for (int tile = split * SPLIT + warp * 32; tile <= to; tile += WARPS * 32) {
    if (tile + 31 < from) continue; // all lanes: before the window
    int own = tile + lane; // the position whose slot this lane finds for all
    int slot = 0;
    if (own >= from && own <= to) slot = table[own / batch.blockTokens] * batch.blockTokens + own % batch.blockTokens;
#pragma unroll 1
    for (int step = tile; step < tile + 32; step += STEP) {
      if (step + STEP - 1 < from || step > to) continue;
      size_t vectors[STEP];
      float of[STEP][DIMS], weights[HEADS], keyScale = 1, valueScale = 1;
#pragma unroll
      for (int j = 0; j < STEP; j++) {
        vectors[j] = (size_t)__shfl_sync(WARP, slot, step - tile + j) * shape.kvHeads + kvHead;
#pragma unroll
        for (int i = 0; i < DIMS; i++) of[j][i] = 0;
        if (step + j >= from && step + j <= to && mine) {
          Loads<DIMS, Kv>::load((const Kv*)cache.k + vectors[j] * shape.headDim + dim, of[j]);
        }
      }
      int position = step + lane / 4; // the position whose score this lane holds
      bool seen = position >= from && position <= to;
      if constexpr (SCALED) {
        size_t vector = (size_t)__shfl_sync(WARP, slot, step - tile + lane / 4) * shape.kvHeads + kvHead;
        if (seen) keyScale = cache.scalesK[vector], valueScale = cache.scalesV[vector];
      }
#pragma unroll
      for (int h = 0; h < HEADS; h++) {
        if (h >= count) break;
        float sums[STEP];
#pragma unroll
        for (int j = 0; j < STEP; j++) {
          sums[j] = 0;
#pragma unroll
          for (int i = 0; i < DIMS; i++) sums[j] = fmaf(ofQ[h][i], of[j][i], sums[j]);
        }
        float score = sumEight(sums, lane);
        if constexpr (SCALED) score *= keyScale;
        score *= shape.scale;
        if (shape.softCap > 0) score = shape.softCap * (1.0f - 2.0f / (1.0f + expf(2.0f / shape.softCap * score)));
        if (!seen) score = -INFINITY;
        float max = score;
#pragma unroll
        for (int apart = 4; apart <= 16; apart <<= 1) max = most(max, __shfl_xor_sync(WARP, max, apart));
        max = most(max, greatest[h]);
        float shrink = expf(greatest[h] - max); // of what came before; 0 at first
        float weight = expf(score - max);
        greatest[h] = max;
        total[h] = total[h] * shrink + weight;
#pragma unroll
        for (int i = 0; i < DIMS; i++) acc[h][i] *= shrink;
        weights[h] = SCALED ? weight * valueScale : weight;
      }
#pragma unroll
      for (int j = 0; j < STEP; j++) {
        if (step + j >= from && step + j <= to && mine) {
          Loads<DIMS, Kv>::load((const Kv*)cache.v + vectors[j] * shape.headDim + dim, of[j]);
        }
      }
#pragma unroll
      for (int h = 0; h < HEADS; h++) {
        if (h >= count) break;
#pragma unroll
        for (int j = 0; j < STEP; j++) {
          float weight = __shfl_sync(WARP, weights[h], 4 * j);
#pragma unroll
          for (int i = 0; i < DIMS; i++) acc[h][i] = fmaf(weight, of[j][i], acc[h][i]);
        }
      }
    }
  }

#pragma unroll
  for (int h = 0; h < HEADS; h++) {
    if (h >= count) break;
#pragma unroll
    for (int apart = 4; apart <= 16; apart <<= 1) total[h] += __shfl_xor_sync(WARP, total[h], apart);
    if (lane == 0) maxima[warp][h] = greatest[h], totals[warp][h] = total[h];
#pragma unroll
    for (int i = 0; i < DIMS; i++) values[warp][h][dim + i] = acc[h][i];
  }
  __syncthreads();
  for (int at = threadIdx.x; at < count * shape.headDim; at += blockDim.x) {
    int h = at / shape.headDim, i = at % shape.headDim;
    float max = -INFINITY, sum = 0, value = 0;
#pragma unroll
    for (int w = 0; w < WARPS; w++) max = most(max, maxima[w][h]);
#pragma unroll
    for (int w = 0; w < WARPS; w++) {
      float shrink = expf(maxima[w][h] - max);
      sum = fmaf(totals[w][h], shrink, sum);
      value = fmaf(values[w][h][i], shrink, value);
    }
    float* of = partial + (((size_t)row * shape.heads + head + h) * shape.splits + split) * (2 + shape.headDim);
    if (i == 0) of[0] = max, of[1] = sum;
    of[2 + i] = value;
  }
}

#define ATTENTION(NAME, KV, D, HEADS)                                                                   \
  extern "C" __global__ void __launch_bounds__(128, 2) attention_##NAME##_d##D(                            \
      const float* __restrict__ q, const KV* __restrict__ cacheK, const KV* __restrict__ cacheV,        \
      const float* __restrict__ scalesK, const float* __restrict__ scalesV,                             \
      const int* __restrict__ positions, const int* __restrict__ rowSegment,                            \
      const int* __restrict__ tables, float* __restrict__ partial, int rows, int heads, int kvHeads,    \
      int headDim, int blockTokens, int tableStride, int splits, int window, float scale,               \
      float softCap) {                                                                                  \
    attend<D, HEADS, KV>(                                                                               \
        q, Cache{cacheK, cacheV, scalesK, scalesV},                                                     \
        Batch{positions, rowSegment, tables, tableStride, blockTokens},                                 \
        Shape{heads, kvHeads, headDim, splits, window, scale, softCap}, partial);                       \
  }
#define ATTENTIONS(NAME, KV)   \
  ATTENTION(NAME, KV, 32, 8)   \
  ATTENTION(NAME, KV, 64, 8)   \
  ATTENTION(NAME, KV, 128, 8)  \
  ATTENTION(NAME, KV, 256, 4)
