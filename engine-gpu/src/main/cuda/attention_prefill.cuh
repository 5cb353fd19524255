// Attention of chunks on tensor cores, after FlashAttention-2 (Dao, 2023): a block takes 64 rows of
// one sequence and one head and walks over keys and values in tiles of 64 positions, which it keeps
// in shared memory as binary16; scores and weights never leave registers.
//
// Queries, keys, values and weights are rounded to binary16 (sums are float32): a row comes out
// close to, but not as, attention.cuh makes it, and not the same in chunks cut otherwise. Where
// sameness is asked for, attention.cuh is to be used.
//
// q, out f32 [rows][heads][headDim]; the cache, its scales, tables, window and softCap as
// attention.cuh's; positions i32 [rows]; segmentStarts i32 [segments + 1]: each sequence's rows.
// Names end in _dD, D = 64 or 128: headDim <= D, even, and a multiple of 4 where it is over 64.
// Launch: grid (ceil(rows of the longest segment / 64), heads, segments), 128 threads.
#pragma once
#include "loads.cuh"
#include "splits.cuh"

constexpr int QUERIES = 64; // of a block, 16 a warp
constexpr int KEYS = 64;    // of a tile
constexpr float LOG2_E = 1.44269504f;

struct Cache {
  const void* k;
  const void* v;
  const float* scalesK;
  const float* scalesV;
};

struct Shape {
  int heads, kvHeads, headDim, blockTokens, window;
  float scale, softCap;
};

__device__ inline uint32_t halves(float low, float high) {
  return (uint32_t)__half_as_ushort(__float2half_rn(low)) | (uint32_t)__half_as_ushort(__float2half_rn(high)) << 16;
}

// Two neighbours of a row of queries, 0 where there are none.
__device__ inline uint32_t queries(const float* q, bool there, int dim, int headDim) {
  return there && dim < headDim ? halves(q[dim], q[dim + 1]) : 0;
}

template <int D, typename Kv>
__device__ inline void attendChunk(const float* q, Cache cache, const int* positions, const int* segmentStarts, const int* table, float* out, Shape shape) {
  constexpr int DIMS = D / 32;         // elements a lane loads
  constexpr int K_STRIDE = D + 8;      // halves between keys: keeps banks apart
  constexpr int V_STRIDE = KEYS + 8;   // halves between dimensions of the values, which lie across
  __shared__ __align__(16) uint16_t keys[KEYS * K_STRIDE];
  __shared__ __align__(16) uint16_t values[D * V_STRIDE];
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, group = lane / 4, quad = lane % 4;
  int head = blockIdx.y, kvHead = head / (shape.heads / shape.kvHeads);
  int start = segmentStarts[blockIdx.z] + blockIdx.x * QUERIES, end = segmentStarts[blockIdx.z + 1];
  if (start >= end) return; // all threads: this segment is shorter
  int lastRow = min(start + QUERIES, end) - 1;

  // This lane's rows: group and group + 8 of its warp's 16.
  int row[2] = {start + warp * 16 + group, start + warp * 16 + group + 8};
  int last[2], first[2];
  const float* of[2];
#pragma unroll
  for (int r = 0; r < 2; r++) {
    bool there = row[r] < end;
    last[r] = there ? positions[row[r]] : -1;
    first[r] = firstSeen(last[r], shape.window);
    of[r] = q + ((size_t)(there ? row[r] : start) * shape.heads + head) * shape.headDim;
  }
  uint32_t a[D / 16][4];
#pragma unroll
  for (int step = 0; step < D / 16; step++) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      a[step][i] = queries(of[i % 2], row[i % 2] < end, step * 16 + i / 2 * 8 + 2 * quad, shape.headDim);
    }
  }
  float acc[D / 8][4] = {}, greatest[2] = {-INFINITY, -INFINITY}, total[2] = {0, 0};

  int from = firstSeen(positions[start], shape.window) / KEYS * KEYS, to = positions[lastRow];
  for (int tile = from; tile <= to; tile += KEYS) {
    __syncthreads(); // all have left the tile before
    // A warp takes two neighbouring positions at a time, whose values lie side by side.
    for (int pair = warp; pair < KEYS / 2; pair += 4) {
      float k[2][DIMS], v[2][DIMS];
#pragma unroll
      for (int j = 0; j < 2; j++) {
        int position = tile + 2 * pair + j;
#pragma unroll
        for (int i = 0; i < DIMS; i++) k[j][i] = 0, v[j][i] = 0;
        if (position <= to && lane * DIMS < shape.headDim) {
          size_t vector = ((size_t)table[position / shape.blockTokens] * shape.blockTokens + position % shape.blockTokens) * shape.kvHeads + kvHead;
          size_t at = vector * shape.headDim + lane * DIMS;
          Loads<DIMS, Kv>::load((const Kv*)cache.k + at, k[j]);
          Loads<DIMS, Kv>::load((const Kv*)cache.v + at, v[j]);
          if constexpr (sizeof(Kv) == 1) {
            float scaleK = cache.scalesK[vector], scaleV = cache.scalesV[vector];
#pragma unroll
            for (int i = 0; i < DIMS; i++) k[j][i] *= scaleK, v[j][i] *= scaleV;
          }
        }
#pragma unroll
        for (int i = 0; i < DIMS; i += 2) {
          *(uint32_t*)&keys[(2 * pair + j) * K_STRIDE + lane * DIMS + i] = halves(k[j][i], k[j][i + 1]);
        }
      }
#pragma unroll
      for (int i = 0; i < DIMS; i++) {
        *(uint32_t*)&values[(lane * DIMS + i) * V_STRIDE + 2 * pair] = halves(v[0][i], v[1][i]);
      }
    }
    __syncthreads();

    float scores[KEYS / 8][4] = {};
#pragma unroll
    for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
      for (int step = 0; step < D / 16; step++) {
        const uint16_t* key = &keys[(n * 8 + group) * K_STRIDE + step * 16 + 2 * quad];
        mmaF16(scores[n], a[step][0], a[step][1], a[step][2], a[step][3], *(const uint32_t*)key, *(const uint32_t*)(key + 8));
      }
    }
    float max[2] = {greatest[0], greatest[1]};
#pragma unroll
    for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        int position = tile + n * 8 + 2 * quad + i % 2;
        float score = scores[n][i] * shape.scale;
        if (shape.softCap > 0) score = shape.softCap * (1.0f - 2.0f / (1.0f + expf(2.0f / shape.softCap * score)));
        bool seen = position <= last[i / 2] && position >= first[i / 2];
        scores[n][i] = seen ? score * LOG2_E : -INFINITY;
        max[i / 2] = most(max[i / 2], scores[n][i]);
      }
    }
    float shrink[2], base[2];
#pragma unroll
    for (int r = 0; r < 2; r++) {
      max[r] = most(max[r], __shfl_xor_sync(WARP, max[r], 1));
      max[r] = most(max[r], __shfl_xor_sync(WARP, max[r], 2));
      base[r] = max[r] == -INFINITY ? 0 : max[r]; // nothing seen yet
      shrink[r] = exp2f(greatest[r] - base[r]);
      greatest[r] = max[r];
      total[r] *= shrink[r];
    }
#pragma unroll
    for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        scores[n][i] = exp2f(scores[n][i] - base[i / 2]);
        total[i / 2] += scores[n][i];
      }
    }
#pragma unroll
    for (int n = 0; n < D / 8; n++) {
#pragma unroll
      for (int i = 0; i < 4; i++) acc[n][i] *= shrink[i / 2];
    }
    // What mma.sync leaves of 16 positions is laid out as it wants its A operand.
#pragma unroll
    for (int step = 0; step < KEYS / 16; step++) {
      uint32_t weights[4] = {
          halves(scores[2 * step][0], scores[2 * step][1]), halves(scores[2 * step][2], scores[2 * step][3]),
          halves(scores[2 * step + 1][0], scores[2 * step + 1][1]), halves(scores[2 * step + 1][2], scores[2 * step + 1][3])};
#pragma unroll
      for (int n = 0; n < D / 8; n++) {
        const uint16_t* value = &values[(n * 8 + group) * V_STRIDE + step * 16 + 2 * quad];
        mmaF16(acc[n], weights[0], weights[1], weights[2], weights[3], *(const uint32_t*)value, *(const uint32_t*)(value + 8));
      }
    }
  }
#pragma unroll
  for (int r = 0; r < 2; r++) {
    total[r] += __shfl_xor_sync(WARP, total[r], 1);
    total[r] += __shfl_xor_sync(WARP, total[r], 2);
  }
#pragma unroll
  for (int n = 0; n < D / 8; n++) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      int dim = n * 8 + 2 * quad + i % 2;
      if (row[i / 2] < end && dim < shape.headDim) {
        out[((size_t)row[i / 2] * shape.heads + head) * shape.headDim + dim] = acc[n][i] / total[i / 2];
      }
    }
  }
}

#define PREFILL(NAME, KV, D)                                                                            \
  extern "C" __global__ void __launch_bounds__(128, 2) attention_prefill_##NAME##_d##D(                 \
      const float* __restrict__ q, const KV* __restrict__ cacheK, const KV* __restrict__ cacheV,        \
      const float* __restrict__ scalesK, const float* __restrict__ scalesV,                             \
      const int* __restrict__ positions, const int* __restrict__ segmentStarts,                         \
      const int* __restrict__ tables, float* __restrict__ out, int heads, int kvHeads, int headDim,     \
      int blockTokens, int tableStride, int window, float scale, float softCap) {                       \
    attendChunk<D, KV>(                                                                                 \
        q, Cache{cacheK, cacheV, scalesK, scalesV}, positions, segmentStarts,                           \
        tables + (size_t)blockIdx.z * tableStride, out,                                                 \
        Shape{heads, kvHeads, headDim, blockTokens, window, scale, softCap});                           \
  }
