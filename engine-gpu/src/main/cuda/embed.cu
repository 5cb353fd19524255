// Embedding: out[row] = table[tokens[row]], widened to float32.
//
// Launch: grid (rows), 128 threads. Parameters: table (quantised: quants, scales), tokens i32
// [rows], out f32 [rows][columns], rows, columns. Tables lie as the gemm of their type wants them.
#include "common.cuh"
#include "packed.cuh"

template <typename Element>
__device__ inline void embed(const int* tokens, float* out, int columns, Element element) {
  int row = blockIdx.x;
  int token = tokens[row];
  for (int k = threadIdx.x; k < columns; k += blockDim.x) {
    out[(size_t)row * columns + k] = element(token, k);
  }
}

extern "C" __global__ void embed_f32(const float* __restrict__ table, const int* __restrict__ tokens, float* __restrict__ out, int rows, int columns) {
  embed(tokens, out, columns, [=](int token, int k) { return table[(size_t)token * columns + k]; });
}

// bf16, row-major.
extern "C" __global__ void embed_bf16(const uint16_t* __restrict__ table, const int* __restrict__ tokens, float* __restrict__ out, int rows, int columns) {
  embed(tokens, out, columns, [=](int token, int k) { return bf16Bits(table[(size_t)token * columns + k]); });
}

extern "C" __global__ void embed_w16(const uint16_t* __restrict__ table, const int* __restrict__ tokens, float* __restrict__ out, int rows, int columns) {
  embed(tokens, out, columns, [=](int token, int k) { return halfBits(table[packed16(token, k, columns)]); });
}

extern "C" __global__ void embed_w8(const int8_t* __restrict__ quants, const uint16_t* __restrict__ scales, const int* __restrict__ tokens, float* __restrict__ out, int rows, int columns) {
  embed(tokens, out, columns, [=](int token, int k) {
    return halfBits(scales[packedScale8(token, k, columns)]) * (float)quants[packed8(token, k, columns)];
  });
}

extern "C" __global__ void embed_w4(const uint32_t* __restrict__ quants, const uint16_t* __restrict__ scales, const int* __restrict__ tokens, float* __restrict__ out, int rows, int columns) {
  embed(tokens, out, columns, [=](int token, int k) {
    uint32_t word = quants[packed4(token, k, columns)];
    int quant = (int)(word << (28 - packed4Bit(k))) >> 28;
    return halfBits(scales[packedScale4(token, k, columns)]) * (float)quant;
  });
}

// Q4_K: see gemm_w4k.cu.
extern "C" __global__ void embed_w4k(const uint32_t* __restrict__ quants, const uint8_t* __restrict__ small, const uint16_t* __restrict__ super, const int* __restrict__ tokens, float* __restrict__ out, int rows, int columns) {
  embed(tokens, out, columns, [=](int token, int k) {
    float quant = (float)(quants[packed4(token, k, columns)] >> packed4Bit(k) & 15);
    const uint8_t* six = small + packedSpan(token, k, columns, 64) * 4 + k / 32 % 2 * 2;
    const uint16_t* halves = super + packedSpan(token, k, columns, 256) * 2;
    float scale = halfBits(halves[0]) * (float)six[0], minimum = halfBits(halves[1]) * (float)six[1];
    return __fsub_rn(__fmul_rn(scale, quant), minimum);
  });
}

// TQ2_0: see gemm_w2.cu.
extern "C" __global__ void embed_w2(const uint32_t* __restrict__ quants, const uint16_t* __restrict__ scales, const int* __restrict__ tokens, float* __restrict__ out, int rows, int columns) {
  embed(tokens, out, columns, [=](int token, int k) {
    int quant = (int)(quants[packed2(token, k, columns)] >> packed2Bit(k) & 3) - 1;
    return halfBits(scales[packedSpan(token, k, columns, 256)]) * (float)quant;
  });
}

// Any other: see gemm_any.cu. minima may be 0.
extern "C" __global__ void embed_any(const int8_t* __restrict__ quants, const float* __restrict__ scales, const float* __restrict__ minima, const int* __restrict__ tokens, float* __restrict__ out, int rows, int columns, int sub) {
  embed(tokens, out, columns, [=](int token, int k) {
    size_t at = packedSpan(token, k, padded(columns, 64), sub);
    float product = __fmul_rn(scales[at], (float)quants[packed8(token, k, columns)]);
    return minima == nullptr ? product : __fadd_rn(product, minima[at]);
  });
}
