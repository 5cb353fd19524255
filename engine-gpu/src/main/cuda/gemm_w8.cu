// Weights of 8 bits (Q8_0) times activations of 8 bits: as gemm_w4.cu, with one 16-byte load a lane
// for each block of 32. parts: quants i8 and scales binary16 as packed.cuh says.
#include "weights.cuh"

DECODE_GEMM(gemm_w8, Q8, 2)
