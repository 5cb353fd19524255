// Prefill with weights of 8 bits (Q8_0): see gemm_tile.cuh; parameters as gemm_w8_nN's.
// Launch: grid (ceil(outputs / 128), ceil(rows / 64)), 256 threads; padded rows a multiple of 64.
#include "gemm_tile.cuh"

TILE_GEMM(gemm_w8, Q8)
