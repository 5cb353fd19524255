// Weights of 8 bits (Q8_0) times activations of 8 bits: as gemm_w4.cu, with one 16-byte load a lane
// for each block of 32.
//
// quants i8 and scales binary16 as packed.cuh says; the rest, and the launch of gemm_w8_nN, as
// gemm_w4_nN: grid (ceil(outputs / 16), ceil(rows / N)), 32 x min(8, K / 64) threads.
#include "weights.cuh"

DECODE_GEMM(gemm_w8, Q8, 8, 2)
DECODE_GEMM(gemm_w8, Q8, 16, 2)
DECODE_GEMM(gemm_w8, Q8, 32, 1)
DECODE_GEMM(gemm_w8, Q8, 64, 1)
