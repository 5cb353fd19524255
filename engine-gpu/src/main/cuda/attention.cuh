// Paged attention of every row, for decoding, and for chunks whose rows must come out the same as
// alone: out = softmax(scale q . k, capped) v over the positions a row sees.
//
// A block takes one row, a split of 128 positions and up to HEADS query heads of one KV head, so
// that keys and values are read once for the whole group; each of its four warps takes 32 positions.
// Splits lie at fixed positions, and the order within is fixed: a row comes out the same in any
// company. attention_merge adds the splits.
//
// q f32 [rows][heads][headDim]; the cache of one layer [slots][kvHeads][headDim] in the name's type,
// for int8 with scales f32 [slots][kvHeads] (others: 0); positions, rowSegment i32 [rows]; tables
// i32 [segments][tableStride], block ids; window: positions a row sees, 0 for all; softCap 0: none.
// partial f32 [rows][heads][splits][2 + headDim]: greatest score, sum of weights, weighted values.
// Names end in _dD, D = 32, 64, 128, 256: headDim <= D, a multiple of D / 32.
// Launch: grid (splits, kvHeads x ceil(group / HEADS), rows), 128 threads, group = heads / kvHeads,
// HEADS = 8 (4 for D = 256); splits = ceil((greatest position + 1) / 128).
#pragma once
#include "attention_fma.cuh"
#include "attention_mma.cuh"

template <int D, int HEADS, typename Kv>
struct WarpPart {
  __device__ void operator()(Cache cache, Batch batch, Shape shape, Work work, int segment, Parts<D, HEADS>& parts) const {
    if constexpr (sizeof(Kv) < 4) {
      if (MmaPart<D, HEADS, Kv>::fits(shape.headDim)) {
        MmaPart<D, HEADS, Kv>()(cache, batch, shape, work, segment, parts);
        return;
      }
    }
    FmaPart<D, HEADS, Kv>()(cache, batch, shape, work, segment, parts);
  }
};

#define ATTENTION(NAME, KV, D, HEADS)                                                                   \
  extern "C" __global__ void __launch_bounds__(128, 2) attention_##NAME##_d##D(                            \
      const float* __restrict__ q, const KV* __restrict__ cacheK, const KV* __restrict__ cacheV,        \
      const float* __restrict__ scalesK, const float* __restrict__ scalesV,                             \
      const int* __restrict__ positions, const int* __restrict__ rowSegment,                            \
      const int* __restrict__ tables, float* __restrict__ partial, int rows, int heads, int kvHeads,    \
      int headDim, int blockTokens, int tableStride, int splits, int window, float scale,               \
      float softCap) {                                                                                  \
    attend<D, HEADS>(                                                                                   \
        q, Cache{cacheK, cacheV, scalesK, scalesV},                                                     \
        Batch{positions, rowSegment, tables, tableStride, blockTokens},                                 \
        Shape{heads, kvHeads, headDim, splits, window, scale, softCap}, partial,                        \
        WarpPart<D, HEADS, KV>());                                                                      \
  }
#define ATTENTIONS(NAME, KV)   \
  ATTENTION(NAME, KV, 32, 8)   \
  ATTENTION(NAME, KV, 64, 8)   \
  ATTENTION(NAME, KV, 128, 8)  \
  ATTENTION(NAME, KV, 256, 4)
