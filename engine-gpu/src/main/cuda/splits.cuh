// Which positions a row of attention sees, and how they are split.
#pragma once
#include "common.cuh"

constexpr int SPLIT = 128; // positions

__device__ inline int firstSeen(int position, int window) {
  return window == 0 ? 0 : max(0, position - window + 1);
}
