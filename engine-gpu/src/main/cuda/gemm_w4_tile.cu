// Weights of 4 bits (Q4_0) for more than 8 rows; parameters as gemm_w4.cu's, but blocks of 256
// outputs. chunks f32 [chunks][rows][256 gridDim.x], 0 if gridDim.z is 1.
// Launch of gemm_w4_tile_nN: grid (sum of the weights' ceil(outputs / 256), ceil(rows / N), 1 to 8),
// 256 threads, 99 KiB of dynamic shared memory; padded rows is a multiple of N.
#include "gemm_tile8.cuh"

TILE_GEMM(gemm_w4_tile, Q4, 16)
TILE_GEMM(gemm_w4_tile, Q4, 32)
TILE_GEMM(gemm_w4_tile, Q4, 64)
