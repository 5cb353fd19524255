// Weights of binary16, 32 k of 16 outputs at a time: what decode and prefill share.
#pragma once
#include "copies.cuh"
#include "gemm.cuh"

struct W16 {
  static constexpr int BYTES = 1024;
  uint4 upper, lower; // eight k of rows g and g + 8 (g = lane / 4)

  __device__ static void copy(char* stage, const uint4* from, int lane) {
    copyAsync<16>(stage + lane * 16, from + lane);
    copyAsync<16>(stage + 512 + lane * 16, from + 32 + lane);
  }
  __device__ void load(const uint4* from, int lane) { upper = from[lane], lower = from[32 + lane]; }

  // Adds the products with both halves of the activations.
  __device__ void add(float (&acc)[4], uint4 hi, uint4 lo) const {
    mmaF16(acc, upper.x, lower.x, upper.y, lower.y, hi.x, hi.y);
    mmaF16(acc, upper.z, lower.z, upper.w, lower.w, hi.z, hi.w);
    mmaF16(acc, upper.x, lower.x, upper.y, lower.y, lo.x, lo.y);
    mmaF16(acc, upper.z, lower.z, upper.w, lower.w, lo.z, lo.w);
  }
};
