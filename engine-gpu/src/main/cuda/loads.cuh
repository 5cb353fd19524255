// Keys and values of a cache of any type, as float32.
#pragma once
#include "common.cuh"

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
