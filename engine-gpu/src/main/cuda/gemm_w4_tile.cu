// Prefill with weights of 4 bits (Q4_0): see gemm_tile.cuh; parameters as gemm_w4_nN's.
// Launch: grid (ceil(outputs / 128), ceil(rows / 64)), 256 threads; padded rows a multiple of 64.
#include "gemm_tile.cuh"

TILE_GEMM(gemm_w4, Q4)
