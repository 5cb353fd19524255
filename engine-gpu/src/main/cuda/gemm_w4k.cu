// Weights of 4 bits with a scale and a minimum of 6 bits for each 32 (Q4_K) times activations of 8
// bits: as gemm_w4.cu. A block's minimum meets the sum of the block's activations.
//
// parts: quants u32 as Q4_0's (packed.cuh), but 0 to 15 and not changed; small u8 [rows/16][K/64][8]
// [2 rows][2 blocks][scale, minimum]; super binary16 [rows/16][K/256][8][2 rows][d, dmin]. K is a
// multiple of 256.
#include "weights.cuh"

DECODE_GEMM(gemm_w4k, Q4K, 3)
