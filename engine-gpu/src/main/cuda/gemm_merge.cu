// Adds the chunks of K that the blocks of gemm_tile.cuh left in memory, in order.
//
// group as the gemm's; chunks f32 [splits][rows][256 gridDim.x]; rowScale f32 [rows], or 0 for none.
// Launch: grid (the gemm's gridDim.x, rows), 256 threads.
#include "gemm.cuh"

extern "C" __global__ void gemm_merge(const __grid_constant__ Group group, const float* __restrict__ chunks, const float* __restrict__ rowScale, int rows, int splits) {
  Member member = memberOf(group);
  int output = member.firstBlock * 256 + threadIdx.x, row = blockIdx.y;
  if (output >= member.outputs) return;
  size_t width = gridDim.x * 256;
  const float* of = chunks + row * width + blockIdx.x * 256 + threadIdx.x;
  float sum = 0;
#pragma unroll
  for (int split = 0; split < SPLITS_MAX; split++) {
    if (split < splits) sum += of[split * rows * width];
  }
  member.out[(size_t)row * member.outputs + output] = rowScale == nullptr ? sum : sum * rowScale[row];
}
