// Small kernels that between them use the mechanisms of the real ones: the interpreter's own tests
// run them right and with faults planted. Build: see build.sh.
#include <cuda_fp16.h>
#include <stdint.h>

static __device__ __forceinline__ float warp_sum(float x) {
  for (int step = 16; step > 0; step >>= 1) x += __shfl_xor_sync(0xffffffffu, x, step);
  return x;
}

// RMSNorm of each row: grid = rows, block = 128.
// x, weight, out: float32 [rows][columns], [columns], [rows][columns]
extern "C" __global__ void check_norm(const float *x, const float *weight, float *out, int columns,
                                      float epsilon) {
  __shared__ float partial[4];
  const float *row = x + (size_t)blockIdx.x * columns;
  float sum = 0;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) sum += row[i] * row[i];
  sum = warp_sum(sum);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = sum;
  __syncthreads();
  float total = partial[0] + partial[1] + partial[2] + partial[3];
  float scale = rsqrtf(total / columns + epsilon);
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    out[(size_t)blockIdx.x * columns + i] = row[i] * scale * weight[i];
}

// Softmax of each row in place, through dynamic shared memory: grid = rows, block = 64,
// shared = 4 * (columns + 2).
extern "C" __global__ void check_softmax(float *x, int columns, float scale) {
  extern __shared__ float s[];
  float *stage = s + 2;
  float *row = x + (size_t)blockIdx.x * columns;
  float top = -INFINITY;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) {
    stage[i] = row[i] * scale;
    top = fmaxf(top, stage[i]);
  }
  for (int step = 16; step > 0; step >>= 1) top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, step));
  if (threadIdx.x % 32 == 0) s[threadIdx.x / 32] = top;
  __syncthreads();
  top = fmaxf(s[0], s[1]);
  __syncthreads();
  float sum = 0;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) {
    stage[i] = expf(stage[i] - top);
    sum += stage[i];
  }
  sum = warp_sum(sum);
  if (threadIdx.x % 32 == 0) s[threadIdx.x / 32] = sum;
  __syncthreads();
  sum = s[0] + s[1];
  for (int i = threadIdx.x; i < columns; i += blockDim.x) row[i] = __fdividef(stage[i], sum);
}

// Transposes tiles of 32 x 32: grid = (columns / 32, rows / 32), block = (32, 8). half in and out,
// sides a multiple of 32.
extern "C" __global__ void check_transpose(const __half *in, __half *out, int rows, int columns) {
  __shared__ __half tile[32][33];
  int x = blockIdx.x * 32 + threadIdx.x;
  int y = blockIdx.y * 32;
  for (int i = threadIdx.y; i < 32; i += 8) tile[i][threadIdx.x] = in[(size_t)(y + i) * columns + x];
  __syncthreads();
  for (int i = threadIdx.y; i < 32; i += 8)
    out[(size_t)(blockIdx.x * 32 + i) * rows + y + threadIdx.x] = tile[threadIdx.x][i];
}

static __device__ __forceinline__ void copy16(void *shared, const void *global) {
  uint32_t to = (uint32_t)__cvta_generic_to_shared(shared);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(global));
}

// out[m][n] = a[m][k] x b[n][k], half in, float32 out; one warp makes a 16 x 8 tile, k in steps of
// 32 that are copied one step ahead: grid = (n / 8, m / 16), block = 32; k a multiple of 32.
extern "C" __global__ void check_mma(const __half *a, const __half *b, float *out, int n, int k) {
  __shared__ __align__(16) __half as[2][16][40];
  __shared__ __align__(16) __half bs[2][8][40];
  int lane = threadIdx.x, row0 = blockIdx.y * 16, column0 = blockIdx.x * 8;
  float c[4] = {0, 0, 0, 0};
  int steps = k / 32;
  auto stage = [&](int step) {
    int buffer = step & 1;
    for (int i = lane; i < 64; i += 32)
      copy16(&as[buffer][i / 4][i % 4 * 8], a + (size_t)(row0 + i / 4) * k + step * 32 + i % 4 * 8);
    copy16(&bs[buffer][lane / 4][lane % 4 * 8],
           b + (size_t)(column0 + lane / 4) * k + step * 32 + lane % 4 * 8);
  };
  stage(0);
  asm volatile("cp.async.commit_group;");
  for (int step = 0; step < steps; step++) {
    if (step + 1 < steps) stage(step + 1);
    asm volatile("cp.async.commit_group;");
    asm volatile("cp.async.wait_group 1;");
    __syncwarp();
#pragma unroll
    for (int h = 0; h < 32; h += 16) {
      uint32_t fa[4], fb[2];
      uint32_t from = (uint32_t)__cvta_generic_to_shared(&as[step & 1][lane % 16][h + lane / 16 * 8]);
      asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                   : "=r"(fa[0]), "=r"(fa[1]), "=r"(fa[2]), "=r"(fa[3])
                   : "r"(from)
                   : "memory");
      from = (uint32_t)__cvta_generic_to_shared(&bs[step & 1][lane % 8][h + lane / 8 % 2 * 8]);
      asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];"
                   : "=r"(fb[0]), "=r"(fb[1])
                   : "r"(from)
                   : "memory");
      asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, "
                   "{%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                   : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                   : "r"(fa[0]), "r"(fa[1]), "r"(fa[2]), "r"(fa[3]), "r"(fb[0]), "r"(fb[1]));
    }
    __syncwarp();
  }
  float *to = out + (size_t)(row0 + lane / 4) * n + column0 + lane % 4 * 2;
  to[0] = c[0];
  to[1] = c[1];
  to[(size_t)8 * n] = c[2];
  to[(size_t)8 * n + 1] = c[3];
}

// Products of int8 rows with a scale for every 32: grid = rows, block = 32, columns a multiple of 4.
// w int8 [rows][columns], x int8 [columns], ws float [rows][columns / 32], xs [columns / 32]
extern "C" __global__ void check_dot8(const int8_t *w, const int8_t *x, const float *ws,
                                      const float *xs, float *out, int columns) {
  float sum = 0;
  for (int block = threadIdx.x; block < columns / 32; block += 32) {
    const int *wi = (const int *)(w + (size_t)blockIdx.x * columns) + block * 8;
    const int *xi = (const int *)x + block * 8;
    int dot = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) dot = __dp4a(wi[i], xi[i], dot);
    sum = fmaf((float)dot, ws[(size_t)blockIdx.x * (columns / 32) + block] * xs[block], sum);
  }
  sum = warp_sum(sum);
  if (threadIdx.x == 0) out[blockIdx.x] = sum;
}

// Counts how often each of 16 values occurs: grid any, block = 64; bins int [16], zeroed before.
extern "C" __global__ void check_histogram(const int *values, int *bins, int count) {
  __shared__ int own[16];
  if (threadIdx.x < 16) own[threadIdx.x] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x)
    atomicAdd(&own[values[i] & 15], 1);
  __syncthreads();
  if (threadIdx.x < 16) atomicAdd(&bins[threadIdx.x], own[threadIdx.x]);
}

// Inclusive sums of a row of at most 256, by doubling steps: grid = 1, block = 256.
extern "C" __global__ void check_scan(const float *in, float *out, int count) {
  __shared__ float sums[256];
  int i = threadIdx.x;
  sums[i] = i < count ? in[i] : 0;
  __syncthreads();
  for (int step = 1; step < 256; step <<= 1) {
    float other = i >= step ? sums[i - step] : 0;
    __syncthreads();
    sums[i] += other;
    __syncthreads();
  }
  if (i < count) out[i] = sums[i];
}

// sin and cos of each x, with the full reduction of large arguments: grid x block >= count.
extern "C" __global__ void check_trig(const float *x, float *out, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  float s, c;
  sincosf(x[i], &s, &c);
  out[2 * i] = s;
  out[2 * i + 1] = c;
}

// Unpacks pairs of 4-bit weights to half and multiplies: out[i] = sum over 8 of (nibble - 8) * x.
// grid x block = count; w uint32 [count], x half [8], scale half [count], out half [count]
extern "C" __global__ void check_nibbles(const uint32_t *w, const __half *x, const __half *scale,
                                         __half *out, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  __half2 sum = __floats2half2_rn(0, 0);
#pragma unroll
  for (int p = 0; p < 4; p++) {
    uint32_t bits = (w[i] >> (4 * p) & 0x000f000f) | 0x64006400;
    __half2 pair = __hsub2(*(__half2 *)&bits, __floats2half2_rn(1032, 1032));
    sum = __hfma2(pair, __halves2half2(x[p], x[p + 4]), sum);
  }
  out[i] = __hmul(__hadd(__low2half(sum), __high2half(sum)), scale[i]);
}
