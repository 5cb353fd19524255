// Weights of binary16 times float32 activations, for up to 8 rows. The activations come as two
// binary16 numbers (see quantise_split): two products on the tensor cores cost nothing while the
// weights' bytes bound the speed, and keep 22 bits of the activations.
//
// group: up to three weights (gemm.cuh), parts: binary16 as packed.cuh says, blocks of 16 outputs;
// hi, lo binary16 [padded rows][K], rowScale f32 [padded rows]. K is a multiple of 32.
// Launch of gemm_w16_n8: grid (sum of the weights' ceil(outputs / 16), ceil(rows / 8)),
// 32 x min(8, K / 32) threads; padded rows is a multiple of 8.
#include "halves.cuh"

extern "C" __global__ void __launch_bounds__(256, 3) gemm_w16_n8(const __grid_constant__ Group group, const uint16_t* __restrict__ hi, const uint16_t* __restrict__ lo, const float* __restrict__ rowScale, int rows, int columns) {
  Member member = memberOf(group);
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, quad = lane % 4;
  int slabs = columns / 32, splits = blockDim.x / 32;
  int end = chunkStart(slabs, warp + 1, splits);
  int row = min((int)blockIdx.y * 8 + lane / 4, rows - 1); // as in weights.cuh
  const uint4* of = (const uint4*)member.parts[0] + (size_t)member.firstBlock * slabs * 64;
  size_t ofX = (size_t)row * columns + 8 * quad;
  float acc[1][4] = {};
#pragma unroll 4
  for (int slab = chunkStart(slabs, warp, splits); slab < end; slab++) {
    W16 weights;
    weights.load(of + (size_t)slab * 64, lane);
    uint4 b = *(const uint4*)(hi + ofX + slab * 32);
    uint4 d = *(const uint4*)(lo + ofX + slab * 32);
    weights.add(acc[0], b, d);
  }
  reduceAndStore<1>(acc, member, rows, [=](int r) { return rowScale[r]; });
}
