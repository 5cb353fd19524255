// Where element k of a row lies in a packed weight: tiles of 16 rows, in which a lane of a warp
// owns 8 consecutive k of rows g and g + 8 (g = lane / 4), as the A operand of mma.sync wants them.
// A warp reads a tile's next k with one 16-byte load a lane, 512 consecutive bytes in all.
#pragma once
#include <stdint.h>

__device__ inline int padded(int k, int multiple) { return (k + multiple - 1) / multiple * multiple; }

// binary16 [rows/16][K/32][2][8][32]: index in 16-bit elements.
__device__ inline size_t packed16(int row, int k, int columns) {
  size_t slab = (size_t)(row / 16) * (padded(columns, 32) / 32) + k / 32;
  return (slab * 2 + row / 8 % 2) * 256 + row % 8 * 32 + k % 32;
}

// int8 [rows/16][K/32][32 lanes][2 rows][8], K padded to 64: index in bytes.
__device__ inline size_t packed8(int row, int k, int columns) {
  size_t block = (size_t)(row / 16) * (padded(columns, 64) / 32) + k / 32;
  return block * 512 + (row % 8 * 4 + k % 32 / 8) * 16 + row / 8 % 2 * 8 + k % 8;
}

// binary16 [rows/16][K/32][8][2 rows].
__device__ inline size_t packedScale8(int row, int k, int columns) {
  size_t block = (size_t)(row / 16) * (padded(columns, 64) / 32) + k / 32;
  return block * 16 + row % 8 * 2 + row / 8 % 2;
}

// int4 [rows/16][K/64][32 lanes][2 blocks][2 rows] words of 8: index in 32-bit words.
__device__ inline size_t packed4(int row, int k, int columns) {
  size_t pair = (size_t)(row / 16) * (padded(columns, 64) / 64) + k / 64;
  return pair * 128 + (row % 8 * 4 + k % 32 / 8) * 4 + k / 32 % 2 * 2 + row / 8 % 2;
}

// The lowest bit of element k in its word: elements 0 to 3 in the bytes' lower halves.
__device__ inline int packed4Bit(int k) { return k % 4 * 8 + k % 8 / 4 * 4; }

// binary16 [rows/16][K/64][8][2 blocks][2 rows].
__device__ inline size_t packedScale4(int row, int k, int columns) {
  size_t pair = (size_t)(row / 16) * (padded(columns, 64) / 64) + k / 64;
  return pair * 32 + row % 8 * 4 + k / 32 % 2 * 2 + row / 8 % 2;
}

// Two bits [rows/16][K/128][32 lanes][2 pairs of blocks][2 rows] words of 16: index in words.
__device__ inline size_t packed2(int row, int k, int columns) {
  size_t four = (size_t)(row / 16) * (columns / 128) + k / 128;
  return four * 128 + (row % 8 * 4 + k % 32 / 8) * 4 + k / 64 % 2 * 2 + row / 8 % 2;
}

// The lowest bit of element k in its word.
__device__ inline int packed2Bit(int k) { return k % 4 * 8 + k / 32 % 2 * 4 + k % 8 / 4 * 2; }

// Where a row's scale lies among those of spans of K: [rows/16][K/span][8][2 rows].
__device__ inline size_t packedSpan(int row, int k, int columns, int span) {
  return ((size_t)(row / 16) * (columns / span) + k / span) * 16 + row % 8 * 2 + row / 8 % 2;
}
