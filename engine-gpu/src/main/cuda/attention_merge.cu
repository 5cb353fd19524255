// The second half of attention: see attention.cuh.
#include "splits.cuh"

// Adds the splits that a row has, in order. out f32 [rows][heads][headDim].
// Launch: grid (heads, rows), 128 threads.
extern "C" __global__ void attention_merge(const float* __restrict__ partial, const int* __restrict__ positions, float* __restrict__ out, int rows, int heads, int headDim, int splits, int window) {
  int head = blockIdx.x, row = blockIdx.y;
  int last = positions[row];
  int first = firstSeen(last, window) / SPLIT, end = last / SPLIT;
  size_t stride = 2 + headDim;
  const float* of = partial + ((size_t)row * heads + head) * splits * stride;
  float max = -INFINITY;
  for (int split = first; split <= end; split++) max = most(max, of[split * stride]);
  for (int i = threadIdx.x; i < headDim; i += blockDim.x) {
    float sum = 0, value = 0;
    for (int split = first; split <= end; split++) {
      float shrink = expf(of[split * stride] - max);
      sum = fmaf(of[split * stride + 1], shrink, sum);
      value = fmaf(of[split * stride + 2 + i], shrink, value);
    }
    out[((size_t)row * heads + head) * headDim + i] = value / sum;
  }
}
