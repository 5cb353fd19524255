// Keys and values of a binary16 or int8 cache, from global memory straight into the registers that
// mma.m16n8k16 takes as its B operand: exact in binary16, and no shared memory between.
//
// A product's order of k and of columns is free, so each lane takes neighbouring elements: of keys
// (k: dimensions, columns: positions) lane (g, t) has some dimensions of position g; of values
// (k: positions, columns: dimensions) some dimensions of the positions 2t, 2t + 1, 2t + 8, 2t + 9.
#pragma once
#include "common.cuh"

template <int BYTES>
__device__ inline void loadWords(const void* from, uint32_t* to) {
  if constexpr (BYTES == 4) *to = __ldg((const uint32_t*)from);
  if constexpr (BYTES == 8) {
    uint2 v = __ldg((const uint2*)from);
    to[0] = v.x, to[1] = v.y;
  }
  if constexpr (BYTES == 16) {
    uint4 v = __ldg((const uint4*)from);
    to[0] = v.x, to[1] = v.y, to[2] = v.z, to[3] = v.w;
  }
}

// COUNT elements of a head's vector from dim on; beyond the head its first ones, to be multiplied by 0.
template <int COUNT, typename T>
__device__ inline void loadElements(const T* head, int dim, int headDim, uint32_t* to) {
  loadWords<COUNT * sizeof(T)>(head + (dim < headDim ? dim : 0), to);
}

// Two int8, as bytes + 128, to binary16: 0x64bb is 1024 + bb.
__device__ inline uint32_t halvesOf(uint32_t bytes, uint32_t select) {
  uint32_t biased = __byte_perm(bytes, 0x64646464u, select), halves;
  asm("sub.f16x2 %0, %1, %2;" : "=r"(halves) : "r"(biased), "r"(0x64806480u));
  return halves;
}

template <typename T>
struct Fragments;

template <>
struct Fragments<__half> {
  // Four neighbouring dimensions of keys, from two words at i.
  __device__ static void keys(const uint32_t* words, int i, uint32_t& b0, uint32_t& b1) {
    b0 = words[2 * i], b1 = words[2 * i + 1];
  }

  // One dimension of two positions.
  __device__ static uint32_t values(const uint32_t* even, const uint32_t* odd, int i) {
    return __byte_perm(even[i / 2], odd[i / 2], i % 2 ? 0x7632 : 0x5410);
  }
};

template <>
struct Fragments<int8_t> {
  __device__ static void keys(const uint32_t* words, int i, uint32_t& b0, uint32_t& b1) {
    uint32_t bytes = words[i] ^ 0x80808080u;
    b0 = halvesOf(bytes, 0x4140), b1 = halvesOf(bytes, 0x4342);
  }

  __device__ static uint32_t values(const uint32_t* even, const uint32_t* odd, int i) {
    uint32_t pairs = __byte_perm(even[i / 4], odd[i / 4], i % 4 < 2 ? 0x5140 : 0x7362) ^ 0x80808080u;
    return halvesOf(pairs, i % 2 ? 0x4342 : 0x4140);
  }
};
