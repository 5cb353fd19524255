// Weights of 4 and 8 bits times activations of 8 bits, 64 k of 16 outputs at a time: what decode and
// prefill share. A lane's words lie as it wants them, so that no weight is ever moved between lanes.
#pragma once
#include "copies.cuh"
#include "gemm.cuh"

constexpr uint32_t ONES = 0x01010101u, NIBBLES = 0x0f0f0f0fu;

// Products are added to the bits of 1.5 x 2^23, whose float then counts them: one addition turns
// them into floats, exact up to 2^22, where a conversion would take twice as long.
constexpr int COUNTING = 0x4b400000;
__device__ inline float counted(int bits) { return __int_as_float(bits) - 12582912.0f; }

// Two rows of activations in a block of 32: their scales, and, for weights with minima, the sums of
// their elements times those.
struct Columns {
  float scale0, scale1, sum0, sum1;
};

// A block of 32 k of 16 outputs, of which a lane holds rows g and g + 8 (g = lane / 4). Products are
// exact in int32 and meet both scales in float32.
struct Block {
  uint32_t a[4];
  float upper, lower; // scales

  __device__ static Columns columns(uint2, float scale0, float scale1) { return Columns{scale0, scale1, 0, 0}; }
  __device__ void add(float (&acc)[4], uint2 b, const Columns& x) const {
    int c[4];
    mmaS8(c, a[0], a[1], a[2], a[3], b.x, b.y, COUNTING);
    acc[0] = fmaf(counted(c[0]), upper * x.scale0, acc[0]);
    acc[1] = fmaf(counted(c[1]), upper * x.scale1, acc[1]);
    acc[2] = fmaf(counted(c[2]), lower * x.scale0, acc[2]);
    acc[3] = fmaf(counted(c[3]), lower * x.scale1, acc[3]);
  }
};

// With minima, which meet the sums of the activations: the tensor cores' product with ones.
struct BlockWithMinima : Block {
  float upperMinimum, lowerMinimum;

  __device__ static Columns columns(uint2 b, float scale0, float scale1) {
    int c[4];
    mmaS8(c, ONES, ONES, ONES, ONES, b.x, b.y, COUNTING);
    return Columns{scale0, scale1, counted(c[0]) * scale0, counted(c[1]) * scale1};
  }
  __device__ void add(float (&acc)[4], uint2 b, const Columns& x) const {
    Block::add(acc, b, x);
    acc[0] = fmaf(upperMinimum, x.sum0, acc[0]);
    acc[1] = fmaf(upperMinimum, x.sum1, acc[1]);
    acc[2] = fmaf(lowerMinimum, x.sum0, acc[2]);
    acc[3] = fmaf(lowerMinimum, x.sum1, acc[3]);
  }
};

// Each type says what it holds of a pair of blocks of a tile of 16 outputs, where that lies in
// memory and in a stage of shared memory, and how a lane reads it from either. UNROLL: pairs that
// decoding has on their way in each warp, as registers allow.

// Q8_0: a 16-byte word a lane for each 32.
struct Q8 {
  using Of32 = Block;
  struct Place {
    const uint4* quants;    // [2][32]
    const uint32_t* scales; // [2][8]
  };
  static constexpr int BYTES = 1024 + 64, UNROLL = 4;
  uint4 word[2];
  uint32_t scale[2];

  __device__ static Place at(const Member& member, size_t pair) {
    return Place{(const uint4*)member.parts[0] + pair * 64, (const uint32_t*)member.parts[1] + pair * 16};
  }
  __device__ static Place in(const char* stage) { return Place{(const uint4*)stage, (const uint32_t*)(stage + 1024)}; }
  __device__ static void copy(char* stage, const Place& from, int lane) {
    copyAsync<16>(stage + lane * 16, from.quants + lane);
    copyAsync<16>(stage + 512 + lane * 16, from.quants + 32 + lane);
    if (lane < 4) copyAsync<16>(stage + 1024 + lane * 16, from.scales + lane * 4);
  }
  __device__ void load(const Place& from, int lane) {
#pragma unroll
    for (int block = 0; block < 2; block++) word[block] = from.quants[block * 32 + lane], scale[block] = from.scales[block * 8 + lane / 4];
  }
  __device__ Block block(int i) const {
    return Block{{word[i].x, word[i].z, word[i].y, word[i].w}, halfBits(scale[i] & 0xffff), halfBits(scale[i] >> 16)};
  }
};

// Q4_0: a 16-byte word a lane for 64. A nibble in a byte's upper half is 16 times itself, sign
// included: the scales make good for that.
struct Q4 {
  using Of32 = Block;
  struct Place {
    const uint4* quants; // [32]
    const uint2* scales; // [8]
  };
  static constexpr int BYTES = 512 + 64, UNROLL = 4;
  uint4 word;
  uint2 scale;

  __device__ static Place at(const Member& member, size_t pair) {
    return Place{(const uint4*)member.parts[0] + pair * 32, (const uint2*)member.parts[1] + pair * 8};
  }
  __device__ static Place in(const char* stage) { return Place{(const uint4*)stage, (const uint2*)(stage + 512)}; }
  __device__ static void copy(char* stage, const Place& from, int lane) {
    copyAsync<16>(stage + lane * 16, from.quants + lane);
    if (lane < 4) copyAsync<16>(stage + 512 + lane * 16, from.scales + lane * 2);
  }
  __device__ void load(const Place& from, int lane) { word = from.quants[lane], scale = from.scales[lane / 4]; }
  __device__ Block block(int i) const {
    uint32_t upper = i ? word.z : word.x, lower = i ? word.w : word.y, scales = i ? scale.y : scale.x;
    return Block{
        {upper << 4 & ~NIBBLES, lower << 4 & ~NIBBLES, upper & ~NIBBLES, lower & ~NIBBLES},
        halfBits(scales & 0xffff) * 0.0625f, halfBits(scales >> 16) * 0.0625f};
  }
};

// Q4_K: 0 to 15; an element is (d x scale) x quant - dmin x minimum, with scale and minimum of 6 bits
// for each 32, d and dmin for each 256.
struct Q4K {
  using Of32 = BlockWithMinima;
  struct Place {
    const uint4* quants; // [32]
    const uint2* small;  // [8]
    const uint2* super;  // [8], of the pair's 256
  };
  static constexpr int BYTES = 512 + 64 + 64, UNROLL = 2;
  uint4 word;
  uint2 sixes, halves;

  __device__ static Place at(const Member& member, size_t pair) {
    return Place{(const uint4*)member.parts[0] + pair * 32, (const uint2*)member.parts[1] + pair * 8, (const uint2*)member.parts[2] + pair / 4 * 8};
  }
  __device__ static Place in(const char* stage) {
    return Place{(const uint4*)stage, (const uint2*)(stage + 512), (const uint2*)(stage + 576)};
  }
  __device__ static void copy(char* stage, const Place& from, int lane) {
    copyAsync<16>(stage + lane * 16, from.quants + lane);
    if (lane < 4) copyAsync<16>(stage + 512 + lane * 16, from.small + lane * 2);
    if (lane < 4) copyAsync<16>(stage + 576 + lane * 16, from.super + lane * 2);
  }
  __device__ void load(const Place& from, int lane) {
    word = from.quants[lane], sixes = from.small[lane / 4], halves = from.super[lane / 4];
  }
  __device__ BlockWithMinima block(int i) const {
    uint32_t upper = i ? word.z : word.x, lower = i ? word.w : word.y;
    uint32_t ofUpper = sixes.x >> (16 * i), ofLower = sixes.y >> (16 * i);
    BlockWithMinima block;
    block.a[0] = upper & NIBBLES, block.a[1] = lower & NIBBLES;
    block.a[2] = upper >> 4 & NIBBLES, block.a[3] = lower >> 4 & NIBBLES;
    block.upper = halfBits(halves.x & 0xffff) * (float)(ofUpper & 255);
    block.lower = halfBits(halves.y & 0xffff) * (float)(ofLower & 255);
    block.upperMinimum = -(halfBits(halves.x >> 16) * (float)(ofUpper >> 8 & 255));
    block.lowerMinimum = -(halfBits(halves.y >> 16) * (float)(ofLower >> 8 & 255));
    return block;
  }
};

// A decode gemm for up to 8 rows: see gemm_w4.cu. Where rows are missing the last one is read again:
// 8 rows' activations are as many bytes as the weights, and would take as much of the caches.
template <typename Weights>
__device__ inline void decodeGemm(const Member& member, const int8_t* x, const float* xScales, int rows, int columns) {
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32, group = lane / 4, quad = lane % 4;
  int pairs = columns / 64, splits = blockDim.x / 32;
  int end = chunkStart(pairs, warp + 1, splits);
  int row = blockIdx.y * 8, last = rows - 1;
  const int8_t* ofX = x + (size_t)min(row + group, last) * columns + 8 * quad;
  const float* ofXScales0 = xScales + (size_t)min(row + 2 * quad, last) * (columns / 32);
  const float* ofXScales1 = xScales + (size_t)min(row + 2 * quad + 1, last) * (columns / 32);
  float acc[1][4] = {};
#pragma unroll Weights::UNROLL
  for (int pair = chunkStart(pairs, warp, splits); pair < end; pair++) {
    Weights weights;
    weights.load(Weights::at(member, (size_t)member.firstBlock * pairs + pair), lane);
#pragma unroll
    for (int i = 0; i < 2; i++) {
      uint2 b = *(const uint2*)(ofX + pair * 64 + i * 32);
      weights.block(i).add(acc[0], b, Weights::Of32::columns(b, ofXScales0[pair * 2 + i], ofXScales1[pair * 2 + i]));
    }
  }
  reduceAndStore<1>(acc, member, rows, [](int) { return 1.0f; });
}

#define DECODE_GEMM(NAME, WEIGHTS, BLOCKS)                                                                        \
  extern "C" __global__ void __launch_bounds__(256, BLOCKS) NAME##_n8(                                            \
      const __grid_constant__ Group group, const int8_t* __restrict__ x, const float* __restrict__ xScales, int rows, int columns) { \
    decodeGemm<WEIGHTS>(memberOf(group), x, xScales, rows, columns);                                              \
  }
