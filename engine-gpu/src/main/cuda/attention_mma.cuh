// A warp's part of attention to a binary16 or int8 cache, on the tensor cores: see attention.cuh.
//
// Up to 8 query heads are the rows of the A operand, each as two binary16 numbers whose sum has 22
// bits of it: the upper ones in rows 0 to 7, the lower ones in rows 8 to 15, so the second costs no
// product more. The weights likewise. Products are exact and sums float32. All of a warp's keys and
// values (16 KB at D = 128 in binary16) are asked for before anything is computed.
#pragma once
#include "attention_block.cuh"
#include "attention_fragments.cuh"

constexpr float WEIGHT_ONE = 16384.0f; // weights are kept times this, as large as binary16 allows

// x as the sum of two binary16 numbers, two at a time.
__device__ inline void halved(float x, float y, uint32_t& upper, uint32_t& lower) {
  __half2 above = __floats2half2_rn(x, y);
  __half2 below = __floats2half2_rn(x - __low2float(above), y - __high2float(above));
  upper = *(const uint32_t*)&above, lower = *(const uint32_t*)&below;
}

// The power of two by which the greatest becomes 2^14 to 2^15; 1 where that is 0 or not finite.
__device__ inline float upwards(float greatest) {
  int exponent = (int)(__float_as_uint(greatest) >> 23);
  return exponent < 27 || exponent > 254 ? 1.0f : __uint_as_float((uint32_t)(268 - exponent) << 23);
}

template <int D, int HEADS, typename Kv>
struct MmaPart {
  static constexpr bool SCALED = sizeof(Kv) == 1;
  static constexpr int SPAN = D < 128 ? D : 128; // dimensions at a time
  static constexpr int WORD = 4 / sizeof(Kv);    // elements
  static constexpr int KEY = min(16 / (int)sizeof(Kv), SPAN / 4), VALUE = min(16 / (int)sizeof(Kv), SPAN / 8);
  static constexpr int KEYS = SPAN / 4, VALUES = SPAN / 8; // elements of a vector that a lane holds

  static constexpr int min(int a, int b) { return a < b ? a : b; }

  // Vectors of KEY elements lie at multiples of it.
  __device__ static bool fits(int headDim) { return headDim % KEY == 0; }

  // Keys of the 32 positions, dimensions from `span` on: lane (g, t) those of positions 8 n + g.
  __device__ static void loadKeys(const Kv* k, int vector, int headDim, int span, uint32_t (&to)[4][KEYS / WORD]) {
    int lane = threadIdx.x % 32;
#pragma unroll
    for (int n = 0; n < 4; n++) {
      const Kv* head = k + (size_t)__shfl_sync(WARP, vector, 8 * n + lane / 4) * headDim;
#pragma unroll
      for (int c = 0; c < KEYS / KEY; c++) {
        loadElements<KEY>(head, span + (4 * c + lane % 4) * KEY, headDim, to[n] + c * KEY / WORD);
      }
    }
  }

  // Values of the 32 positions: lane (g, t) those of positions 8 n + 2 t and 8 n + 2 t + 1.
  __device__ static void loadValues(const Kv* v, int vector, int headDim, int span, uint32_t (&to)[8][VALUES / WORD]) {
    int lane = threadIdx.x % 32;
#pragma unroll
    for (int p = 0; p < 8; p++) {
      const Kv* head = v + (size_t)__shfl_sync(WARP, vector, p / 2 * 8 + lane % 4 * 2 + p % 2) * headDim;
#pragma unroll
      for (int c = 0; c < VALUES / VALUE; c++) {
        loadElements<VALUE>(head, span + (8 * c + lane / 4) * VALUE, headDim, to[p] + c * VALUE / WORD);
      }
    }
  }

  // The lane's dimensions of its head: those of its keys. 0 beyond the heads and the head.
  __device__ static void loadQuery(Work work, int headDim, int span, float (&to)[KEYS]) {
    int lane = threadIdx.x % 32, h = lane / 4;
#pragma unroll
    for (int c = 0; c < KEYS / KEY; c++) {
      int dim = span + (4 * c + lane % 4) * KEY;
      bool mine = h < work.count && dim < headDim;
      const float4* from = (const float4*)(work.q + (mine ? (size_t)h * headDim + dim : 0));
#pragma unroll
      for (int i = 0; i < KEY; i += 4) {
        float4 x = __ldg(from + i / 4);
        float* into = to + c * KEY + i;
        into[0] = mine ? x.x : 0, into[1] = mine ? x.y : 0, into[2] = mine ? x.z : 0, into[3] = mine ? x.w : 0;
      }
    }
  }

  __device__ void operator()(Cache cache, Batch batch, Shape shape, Work work, int segment, Parts<D, HEADS>& parts) const {
    const Kv* k = (const Kv*)cache.k;
    const Kv* v = (const Kv*)cache.v;
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32, h = lane / 4;
    int vector = ownVector(batch, shape, work, segment);
    float keyScale = 1, valueScale = 1; // of the lane's own position
    if constexpr (SCALED) keyScale = __ldg(cache.scalesK + vector), valueScale = __ldg(cache.scalesV + vector);
    uint32_t ofK[4][KEYS / WORD], ofV[8][VALUES / WORD];
    float ofQ[KEYS], greatestQ = 0;
    loadKeys(k, vector, shape.headDim, 0, ofK);
    if constexpr (D == SPAN) loadValues(v, vector, shape.headDim, 0, ofV);
#pragma unroll
    for (int span = D - SPAN; span >= 0; span -= SPAN) {
      loadQuery(work, shape.headDim, span, ofQ);
#pragma unroll
      for (int i = 0; i < KEYS; i++) greatestQ = most(greatestQ, fabsf(ofQ[i]));
    }
#pragma unroll
    for (int apart = 1; apart <= 2; apart <<= 1) greatestQ = most(greatestQ, __shfl_xor_sync(WARP, greatestQ, apart));
    float up = upwards(greatestQ);

    float sums[4][4] = {}; // of positions 8 n + 2 t, 8 n + 2 t + 1: with the upper halves, with the lower
#pragma unroll
    for (int span = 0; span < D; span += SPAN) {
      if (span > 0) {
        loadQuery(work, shape.headDim, span, ofQ);
        loadKeys(k, vector, shape.headDim, span, ofK);
      }
#pragma unroll
      for (int i = 0; i < KEYS / 4; i++) {
        uint32_t a0, a1, a2, a3;
        halved(ofQ[4 * i] * up, ofQ[4 * i + 1] * up, a0, a1);
        halved(ofQ[4 * i + 2] * up, ofQ[4 * i + 3] * up, a2, a3);
#pragma unroll
        for (int n = 0; n < 4; n++) {
          uint32_t b0, b1;
          Fragments<Kv>::keys(ofK[n], i, b0, b1);
          mmaF16(sums[n], a0, a1, a2, a3, b0, b1);
        }
      }
    }

    float scores[8], max = -INFINITY, total = 0, down = 1 / up; // a power of two: exact
    float valueUp = SCALED ? upwards(warpMost(valueScale)) : WEIGHT_ONE;
#pragma unroll
    for (int i = 0; i < 8; i++) {
      int at = i / 2 * 8 + lane % 4 * 2 + i % 2;
      float score = (sums[i / 2][i % 2] + sums[i / 2][i % 2 + 2]) * down;
      if constexpr (SCALED) score *= __shfl_sync(WARP, keyScale, at);
      score = capped(score * shape.scale, shape.softCap);
      bool seen = work.base + at >= work.from && work.base + at <= work.to;
      scores[i] = seen ? score : -INFINITY;
      max = most(max, scores[i]);
    }
#pragma unroll
    for (int apart = 1; apart <= 2; apart <<= 1) max = most(max, __shfl_xor_sync(WARP, max, apart));
    uint32_t upper[4], lower[4]; // weights of positions 8 n + 2 t and 8 n + 2 t + 1
#pragma unroll
    for (int n = 0; n < 4; n++) {
      float weights[2];
#pragma unroll
      for (int i = 0; i < 2; i++) {
        weights[i] = expf(scores[2 * n + i] - max);
        total += weights[i];
        weights[i] *= valueUp;
        if constexpr (SCALED) weights[i] *= __shfl_sync(WARP, valueScale, 8 * n + lane % 4 * 2 + i);
      }
      halved(weights[0], weights[1], upper[n], lower[n]);
    }
#pragma unroll
    for (int apart = 1; apart <= 2; apart <<= 1) total += __shfl_xor_sync(WARP, total, apart);
    if (h < HEADS && lane % 4 == 0) parts.maxima[warp][h] = max, parts.totals[warp][h] = total;

    float valueDown = 1 / valueUp;
#pragma unroll
    for (int span = 0; span < D; span += SPAN) {
      if (D > SPAN) loadValues(v, vector, shape.headDim, span, ofV);
#pragma unroll
      for (int i = 0; i < VALUES; i++) { // the lanes' i-th dimensions
        float of[4] = {};
#pragma unroll
        for (int n = 0; n < 4; n += 2) {
          uint32_t b0 = Fragments<Kv>::values(ofV[2 * n], ofV[2 * n + 1], i);
          uint32_t b1 = Fragments<Kv>::values(ofV[2 * n + 2], ofV[2 * n + 3], i);
          mmaF16(of, upper[n], lower[n], upper[n + 1], lower[n + 1], b0, b1);
        }
        int dim = span + (i / VALUE * 8 + lane % 4 * 2) * VALUE + i % VALUE;
        if (h < HEADS) {
          parts.values[warp][h][dim] = (of[0] + of[2]) * valueDown;
          parts.values[warp][h][dim + VALUE] = (of[1] + of[3]) * valueDown;
        }
      }
    }
  }
};
