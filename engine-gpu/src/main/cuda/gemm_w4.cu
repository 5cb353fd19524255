// Weights of 4 bits (Q4_0) times activations of 8 bits, for up to 8 rows:
// out[row][o] = sum over k of w[o][k] x[row][k].
//
// Made for decoding, which the weights' bytes bound: they are the A operand of mma.sync (16
// outputs), activations the B operand (8 rows), so that a batch of 8 costs what one costs. A lane's
// fragment of 64 k is one 16-byte load; no weight goes through shared memory. The products of a block of
// 32 are exact in int32; blocks are added in float32 with the product of both scales.
//
// group: up to three weights (gemm.cuh), parts: quants u32 and scales binary16 as packed.cuh says,
// blocks of 16 outputs; x i8 [padded rows][K], xScales f32 [padded rows][K/32] from quantise_q8.
// K is a multiple of 64.
// Launch of gemm_w4_n8: grid (sum of the weights' ceil(outputs / 16), ceil(rows / 8)),
// 32 x min(8, K / 64) threads; padded rows is a multiple of 8.
#include "weights.cuh"

DECODE_GEMM(gemm_w4, Q4, 2)
