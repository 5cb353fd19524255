// Draws tokens from logits as the host's Sampler does: temperature, min-p, top-k, then top-p over
// what those left, then the Gumbel-max draw with noise that is a hash of (seed, choice, position,
// token). What a repetition penalty or a grammar changes stays the host's.
//
// A threshold is found by bisection over the order-preserving bits of the logits, and among equal
// ones over ids: the vocabulary is never sorted. Probabilities are summed in fixed point: the sum
// is the same in any order.
#include "common.cuh"

constexpr int THREADS = 512;
constexpr double UNIT = 1099511627776.0; // 2^40: of a weight between 0 and 1

// The greater the logit, the greater; both zeros alike.
__device__ inline uint32_t orderOf(float logit) {
  uint32_t bits = __float_as_uint(logit + 0.0f);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// The sum over the block, in every thread.
__device__ inline uint64_t blockTotal(uint64_t x) {
  __shared__ uint64_t totals[THREADS / 32];
#pragma unroll
  for (int apart = 16; apart > 0; apart >>= 1) x += __shfl_xor_sync(WARP, x, apart);
  __syncthreads();
  if (threadIdx.x % 32 == 0) totals[threadIdx.x / 32] = x;
  __syncthreads();
  x = 0;
#pragma unroll
  for (int warp = 0; warp < THREADS / 32; warp++) x += totals[warp];
  return x;
}

// Which of all threads' candidates is best: the greater score, of equal ones the lower id.
__device__ inline int blockBest(double score, int id) {
  __shared__ double scores[THREADS / 32];
  __shared__ int ids[THREADS / 32];
#pragma unroll
  for (int apart = 16; apart > 0; apart >>= 1) {
    double other = __shfl_xor_sync(WARP, score, apart);
    int otherId = __shfl_xor_sync(WARP, id, apart);
    if (other > score || (other == score && (unsigned)otherId < (unsigned)id)) score = other, id = otherId;
  }
  __syncthreads();
  if (threadIdx.x % 32 == 0) scores[threadIdx.x / 32] = score, ids[threadIdx.x / 32] = id;
  __syncthreads();
  score = scores[0], id = ids[0];
  for (int warp = 1; warp < THREADS / 32; warp++) {
    if (scores[warp] > score || (scores[warp] == score && (unsigned)ids[warp] < (unsigned)id)) score = scores[warp], id = ids[warp];
  }
  return id;
}

// Output `index` of SplitMix64 in this state.
__device__ inline uint64_t splitMix(uint64_t state, uint64_t index) {
  uint64_t z = state + (index + 1) * 0x9e3779b97f4a7c15ull;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ z >> 27) * 0x94d049bb133111ebull;
  return z ^ z >> 31;
}

// The most likely tokens: those of an order above `order`, and of it those with ids below `ids`.
struct Cut {
  uint32_t order;
  int ids;
  __device__ bool keeps(uint32_t of, int id) const { return of > order || (of == order && id < ids); }
};

// The smallest cut within `within` whose measure (of order and id) sums to at least `wanted`.
template <typename Measure>
__device__ inline Cut cutAt(const float* logits, int vocab, Cut within, uint64_t wanted, Measure measure) {
  auto sum = [&](Cut cut) {
    uint64_t mine = 0;
    for (int id = threadIdx.x; id < vocab; id += THREADS) {
      uint32_t order = orderOf(logits[id]);
      if (within.keeps(order, id) && cut.keeps(order, id)) mine += measure(logits[id]);
    }
    return blockTotal(mine);
  };
  uint32_t low = within.order, high = 0xffffffffu; // the order is the greatest that reaches it
  while (low < high) {
    uint32_t middle = low + (high - low) / 2 + 1;
    if (sum(Cut{middle, vocab}) >= wanted) low = middle; else high = middle - 1;
  }
  int least = 0, most = vocab;
  while (least < most) {
    int middle = least + (most - least) / 2;
    if (sum(Cut{low, middle}) >= wanted) most = middle; else least = middle + 1;
  }
  return Cut{low, least};
}

// tokens i32 [rows]: the token drawn; -1 where none can be (a logit is NaN or plus infinity, or all
// are minus infinity). logits f32 [rows][stride], of which the first vocab of a row count; seeds i64
// [rows]; whole i32 [rows][topK, choice, position]; real f32 [rows][temperature, topP, minP];
// temperature 0 is greedy.
// Launch: grid (rows), 512 threads.
extern "C" __global__ void __launch_bounds__(512) sample_tokens(const float* __restrict__ logits, const int64_t* __restrict__ seeds, const int* __restrict__ whole, const float* __restrict__ real, int* __restrict__ tokens, int rows, int vocab, int stride) {
  int row = blockIdx.x;
  const float* of = logits + (size_t)row * stride;
  int topK = whole[3 * row], choice = whole[3 * row + 1], position = whole[3 * row + 2];
  float temperature = real[3 * row], topP = real[3 * row + 1], minP = real[3 * row + 2];

  double greatest = -INFINITY;
  int best = -1; // as unsigned the greatest id
  uint64_t wrong = 0;
  for (int id = threadIdx.x; id < vocab; id += THREADS) {
    float logit = of[id];
    if (!(logit < INFINITY)) wrong = 1;
    if (logit > greatest) greatest = logit, best = id;
  }
  best = blockBest(greatest, best);
  if (blockTotal(wrong) > 0 || best < 0 || temperature == 0) {
    bool drawable = blockTotal(wrong) == 0 && best >= 0;
    if (threadIdx.x == 0) tokens[row] = drawable ? best : -1;
    return;
  }
  double max = of[best], heat = temperature;
  auto weight = [&](float logit) { return (uint64_t)(exp(((double)logit - max) / heat) * UNIT); };

  Cut cut{orderOf(-INFINITY), 0}; // all but minus infinity
  if (minP > 0) {
    // Above the greatest float that does not reach the bound.
    double bound = max + heat * log((double)minP);
    float least = (float)bound;
    uint32_t order = orderOf(least) - ((double)least < bound ? 0 : 1);
    if (order > cut.order) cut.order = order;
  }
  if (topK > 0) {
    auto one = [](float) { return (uint64_t)1; };
    uint64_t all = 0;
    for (int id = threadIdx.x; id < vocab; id += THREADS) all += cut.keeps(orderOf(of[id]), id);
    if (blockTotal(all) > topK) cut = cutAt(of, vocab, cut, topK, one);
  }
  if (topP < 1) {
    uint64_t all = 0;
    for (int id = threadIdx.x; id < vocab; id += THREADS) {
      if (cut.keeps(orderOf(of[id]), id)) all += weight(of[id]);
    }
    uint64_t wanted = (uint64_t)ceil((double)topP * (double)blockTotal(all));
    cut = cutAt(of, vocab, cut, wanted, weight);
  }

  uint64_t stream = splitMix(splitMix((uint64_t)seeds[row], (uint64_t)(int64_t)choice), (uint64_t)(int64_t)position);
  double score = -INFINITY;
  int winner = -1;
  for (int id = threadIdx.x; id < vocab; id += THREADS) {
    if (!cut.keeps(orderOf(of[id]), id)) continue;
    double uniform = ((double)(splitMix(stream, id) >> 11) + 0.5) * 0x1p-53;
    double logit = ((double)of[id] - max) / heat;
    // The noise is at most -ln(u): only the winner's neighbours are worth the logarithms.
    int exponent = (int)(__double_as_longlong(uniform) >> 52) - 1023;
    if (logit - exponent * 0.6931471805599453 + 1e-12 < score) continue;
    double noisy = logit - log(-log1p(-uniform));
    if (noisy > score) score = noisy, winner = id;
  }
  winner = blockBest(score, winner);
  if (threadIdx.x == 0) tokens[row] = winner;
}

// How many tokens of each draft the target drew itself, from the first on: the token after them is
// the recovered one, or after all of them the bonus.
//
// drawn i32 [rows]; draft i32 [rows], the token drafted to follow a row's; firstRow i32
// [sequences + 1]: a sequence's rows, of which the last has no draft. accepted i32 [sequences].
// Launch: grid (ceil(sequences / 128)), 128 threads.
extern "C" __global__ void sample_verify(const int* __restrict__ drawn, const int* __restrict__ draft, const int* __restrict__ firstRow, int* __restrict__ accepted, int sequences) {
  int sequence = blockIdx.x * blockDim.x + threadIdx.x;
  if (sequence >= sequences) return;
  int row = firstRow[sequence], end = firstRow[sequence + 1] - 1, count = 0;
  while (row + count < end && drawn[row + count] == draft[row + count]) count++;
  accepted[sequence] = count;
}
