// What several kernels share: sums over a warp, tensor-core products, 16-bit floats.
#pragma once
#include <cuda_fp16.h>
#include <stdint.h>

constexpr unsigned WARP = 0xffffffffu;

__device__ inline float warpSum(float x) {
#pragma unroll
  for (int apart = 16; apart > 0; apart >>= 1) x += __shfl_xor_sync(WARP, x, apart);
  return x;
}

// The greater of two; NaN if one is: what is not a number must not vanish.
__device__ inline float most(float a, float b) {
  float c;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(c) : "f"(a), "f"(b));
  return c;
}

__device__ inline float warpMost(float x) {
#pragma unroll
  for (int apart = 16; apart > 0; apart >>= 1) x = most(x, __shfl_xor_sync(WARP, x, apart));
  return x;
}

__device__ inline float halfBits(uint32_t bits) {
  return __half2float(__ushort_as_half((unsigned short)bits));
}

__device__ inline float bf16Bits(uint32_t bits) {
  return __uint_as_float(bits << 16);
}

// c[16 x 8] = a[16 x 32] b[32 x 8] + start in int8, sums exact in int32.
__device__ inline void mmaS8(int c[4], uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1, int start = 0) {
  asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%12,%13};"
      : "=r"(c[0]), "=r"(c[1]), "=r"(c[2]), "=r"(c[3])
      : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1), "r"(start), "r"(start), "r"(start), "r"(start));
}

// c[16 x 8] += a[16 x 16] b[16 x 8] in binary16, sums in float32.
__device__ inline void mmaF16(float c[4], uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}
