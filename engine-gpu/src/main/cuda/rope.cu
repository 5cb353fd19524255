// Rotary positions, and keys and values into the cache.
//
// angles f32 [rows][pairs][cos, sin]; x f32 [rows][heads][headDim]; a cache of one layer
// [slots][kvHeads][headDim]; slots i32 [rows].
#include "common.cuh"

// Cosine and sine of every row's angles. Double precision as far as the reduced angle, as the CPU's.
// Launch: grid (ceil(rows x pairs / 128)), 128 threads.
extern "C" __global__ void rope_angles(const float* __restrict__ frequencies, const int* __restrict__ positions, float* __restrict__ out, int rows, int pairs, float magnitude) {
  int at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= rows * pairs) return;
  double angle = (double)positions[at / pairs] * (double)frequencies[at % pairs];
  // Quarter turns off, with pi/2 in two parts, the first exact times any quadrant below 2^20.
  double quadrant = rint(angle * 0.63661977236758134);
  double r = fma(-quadrant, 1.5707963267341256, angle);
  r = fma(-quadrant, 6.0771005065061922e-11, r);
  double z = r * r;
  double sine = r + r * z * (-1.0 / 6 + z * (1.0 / 120 + z * (-1.0 / 5040 + z * (1.0 / 362880 + z * (-1.0 / 39916800 + z / 6227020800.0)))));
  double cosine = 1 + z * (-0.5 + z * (1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320 + z * (-1.0 / 3628800 + z / 479001600.0)))));
  int turns = (int)(long long)quadrant & 3;
  double swapped = turns & 1 ? sine : cosine;
  double other = turns & 1 ? cosine : sine;
  out[2 * at] = (float)(magnitude * (turns == 1 || turns == 2 ? -swapped : swapped));
  out[2 * at + 1] = (float)(magnitude * (turns >= 2 ? -other : other));
}

struct Pair {
  int first, second;
};

__device__ inline Pair pairOf(int i, int pairs, int interleaved) {
  return interleaved ? Pair{2 * i, 2 * i + 1} : Pair{i, i + pairs};
}

// Rounded as the CPU does: no fused multiply-add.
__device__ inline float2 turned(float first, float second, float cosine, float sine) {
  return make_float2(
      __fadd_rn(__fmul_rn(first, cosine), -__fmul_rn(second, sine)),
      __fadd_rn(__fmul_rn(first, sine), __fmul_rn(second, cosine)));
}

// Turns every head of x in place. Launch: grid (ceil(rows x heads x pairs / 128)), 128 threads.
extern "C" __global__ void rope_rotate(const float* __restrict__ angles, float* __restrict__ x, int rows, int heads, int headDim, int pairs, int interleaved) {
  int at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= rows * heads * pairs) return;
  int i = at % pairs;
  int head = at / pairs;
  const float* turn = angles + ((size_t)(head / heads) * pairs + i) * 2;
  Pair pair = pairOf(i, pairs, interleaved);
  float* of = x + (size_t)head * headDim;
  float2 y = turned(of[pair.first], of[pair.second], turn[0], turn[1]);
  of[pair.first] = y.x;
  of[pair.second] = y.y;
}

// An element as the cache keeps it.
__device__ inline void keep(float* to, float x) { *to = x; }
__device__ inline void keep(__half* to, float x) { *to = __float2half_rn(x); }

template <typename Kv>
__device__ inline void store(const float* k, const float* v, Kv* cacheK, Kv* cacheV, int n) {
  for (int i = threadIdx.x; i < n; i += blockDim.x) keep(cacheK + i, k[i]), keep(cacheV + i, v[i]);
}

// Launch: grid (rows), 128 threads.
#define KV_STORE(NAME, KV)                                                                                \
  extern "C" __global__ void kv_store_##NAME(                                                             \
      const float* __restrict__ k, const float* __restrict__ v, KV* __restrict__ cacheK,                  \
      KV* __restrict__ cacheV, const int* __restrict__ slots, int rows, int kvDim) {                      \
    size_t from = (size_t)blockIdx.x * kvDim, to = (size_t)slots[blockIdx.x] * kvDim;                     \
    store(k + from, v + from, cacheK + to, cacheV + to, kvDim);                                           \
  }
KV_STORE(f32, float)
KV_STORE(f16, __half)

// One vector of a head in int8, by one warp, and its scale. The rounding is Int8Blocks'.
__device__ inline void storeInt8(const float* x, int8_t* to, float* scales, size_t vector, int n) {
  int lane = threadIdx.x % 32;
  float max = 0;
  for (int i = lane; i < n; i += 32) max = most(max, fabsf(x[i]));
  float scale = __fdiv_rn(warpMost(max), 127.0f);
  float inverse = scale < 1.17549435e-38f ? 0.0f : __fdiv_rn(1.0f, scale);
  for (int i = lane; i < n; i += 32) to[vector * n + i] = (int8_t)__float2int_rn(__fmul_rn(x[i], inverse));
  if (lane == 0) scales[vector] = scale;
}

// scales f32 [slots][kvHeads]. Launch: grid (rows, kvHeads), 32 threads.
extern "C" __global__ void kv_store_int8(const float* __restrict__ k, const float* __restrict__ v, int8_t* __restrict__ cacheK, int8_t* __restrict__ cacheV, float* __restrict__ scalesK, float* __restrict__ scalesV, const int* __restrict__ slots, int rows, int kvHeads, int headDim) {
  size_t from = ((size_t)blockIdx.x * kvHeads + blockIdx.y) * headDim;
  size_t vector = (size_t)slots[blockIdx.x] * kvHeads + blockIdx.y;
  storeInt8(k + from, cacheK, scalesK, vector, headDim);
  storeInt8(v + from, cacheV, scalesV, vector, headDim);
}

// Turns one head in place, by the block.
__device__ inline void turn(float* head, const float* turns, int pairs, int interleaved) {
  for (int i = threadIdx.x; i < pairs; i += blockDim.x) {
    Pair pair = pairOf(i, pairs, interleaved);
    float2 y = turned(head[pair.first], head[pair.second], turns[2 * i], turns[2 * i + 1]);
    head[pair.first] = y.x;
    head[pair.second] = y.y;
  }
}

// Queries and keys turned in place, keys and values into the cache: three launches in one.
// Launch of rope_store_*: grid (heads + kvHeads, rows), 128 threads.
#define ROPE_STORE(NAME, KV)                                                                              \
  extern "C" __global__ void rope_store_##NAME(                                                           \
      const float* __restrict__ angles, float* __restrict__ q, float* k, const float* __restrict__ v,     \
      KV* __restrict__ cacheK, KV* __restrict__ cacheV, const int* __restrict__ slots, int heads,         \
      int kvHeads, int headDim, int pairs, int interleaved) {                                             \
    int row = blockIdx.y, head = blockIdx.x, kvHead = head - heads;                                       \
    const float* turns = angles + (size_t)row * pairs * 2;                                                \
    if (kvHead < 0) {                                                                                     \
      turn(q + ((size_t)row * heads + head) * headDim, turns, pairs, interleaved);                        \
      return;                                                                                             \
    }                                                                                                     \
    size_t from = ((size_t)row * kvHeads + kvHead) * headDim;                                             \
    size_t to = ((size_t)slots[row] * kvHeads + kvHead) * headDim;                                        \
    turn(k + from, turns, pairs, interleaved);                                                            \
    __syncthreads();                                                                                      \
    store(k + from, v + from, cacheK + to, cacheV + to, headDim);                                         \
  }
ROPE_STORE(f32, float)
ROPE_STORE(f16, __half)

// The same into int8.
extern "C" __global__ void rope_store_int8(const float* __restrict__ angles, float* __restrict__ q, float* k, const float* __restrict__ v, int8_t* __restrict__ cacheK, int8_t* __restrict__ cacheV, float* __restrict__ scalesK, float* __restrict__ scalesV, const int* __restrict__ slots, int heads, int kvHeads, int headDim, int pairs, int interleaved) {
  int row = blockIdx.y, head = blockIdx.x, kvHead = head - heads;
  const float* turns = angles + (size_t)row * pairs * 2;
  if (kvHead < 0) {
    turn(q + ((size_t)row * heads + head) * headDim, turns, pairs, interleaved);
    return;
  }
  size_t from = ((size_t)row * kvHeads + kvHead) * headDim;
  size_t vector = (size_t)slots[row] * kvHeads + kvHead;
  turn(k + from, turns, pairs, interleaved);
  __syncthreads();
  if (threadIdx.x < 32) storeInt8(k + from, cacheK, scalesK, vector, headDim);
  if (threadIdx.x / 32 == 1) storeInt8(v + from, cacheV, scalesV, vector, headDim);
}
