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
