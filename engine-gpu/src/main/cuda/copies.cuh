// Copies from global to shared memory that run beside the arithmetic.
#pragma once
#include <stdint.h>

template <int BYTES>
__device__ inline void copyAsync(void* to, const void* from) {
  uint32_t at = (uint32_t)__cvta_generic_to_shared(to);
  if constexpr (BYTES == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(at), "l"(from) : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(at), "l"(from), "n"(BYTES) : "memory");
  }
}

// Ends a group of copies.
__device__ inline void commitCopies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until at most PENDING of this thread's groups have not landed.
template <int PENDING>
__device__ inline void awaitCopies() { asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory"); }
