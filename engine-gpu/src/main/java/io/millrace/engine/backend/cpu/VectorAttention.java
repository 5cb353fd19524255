package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.AttentionSpec;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.model.ForwardBatch;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Causal attention over the paged cache. A unit of work is one KV head of one row, whose query
 * heads are taken four at a time so that they share the loads; missing ones are computed as zeros.
 *
 * <p>Scores are sums over dimensions, lane by lane for a vector of tokens; the softmax's sum goes
 * over lanes of positions; the output is a sum over positions, lane by lane for a vector of
 * dimensions. Each order depends on the row's own position alone. {@link VectorInt8Kv} has the same
 * two products for a cache of int8.
 */
final class VectorAttention implements Workers.Task {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();

  /** Queries computed at once. */
  private static final int QUERIES = 4;

  /** A score that counts for nothing. */
  private static final float MASKED = -1e30f;

  private final Workers workers;
  private final float[][] queries; // by worker: [headDim][QUERIES]
  private final float[][] scores; // by worker: [QUERIES][blocks][keyTokens]
  private final float[][] sums; // by worker: [QUERIES][valueDim], and one vector

  // ---- of the step
  private ForwardBatch batch;
  private int[] segmentOfRow = new int[0];
  private int positions;

  // ---- of the operation
  private VectorKvCache kv;
  private int layer;
  private AttentionSpec spec;
  private float[] q;
  private float[] out;
  private int stride;
  private int heads;

  VectorAttention(Workers workers) {
    this.workers = workers;
    queries = new float[workers.threads()][0];
    scores = new float[workers.threads()][0];
    sums = new float[workers.threads()][0];
  }

  void begin(ForwardBatch batch) {
    this.batch = batch;
    if (segmentOfRow.length < batch.rows()) {
      segmentOfRow = new int[2 * batch.rows()];
    }
    positions = 0;
    for (int segment = 0; segment < batch.segments(); segment++) {
      int from = batch.segmentStarts()[segment];
      int to = batch.segmentStarts()[segment + 1];
      Arrays.fill(segmentOfRow, from, to, segment);
      positions = Math.max(positions, batch.positions()[to - 1] + 1);
    }
  }

  void run(FloatTensor q, VectorKvCache kv, int layer, AttentionSpec spec, FloatTensor out) {
    this.kv = kv;
    this.layer = layer;
    this.spec = spec;
    this.q = q.read();
    this.out = out.write();
    this.stride = q.stride();
    this.heads = q.columns() / kv.headDim();
    reserve();
    long work = 0;
    for (int row = 0; row < batch.rows(); row++) {
      int position = batch.positions()[row];
      work += 2L * q.columns() * (position + 1 - spec.firstPosition(position));
    }
    workers.run(this, batch.rows() * kv.kvHeads(), work);
  }

  /** Grows every worker's scratch memory, by half more than needed so that this ends soon. */
  private void reserve() {
    int blocks = (positions + kv.blockTokens() - 1) / kv.blockTokens();
    int scoresNeeded = QUERIES * blocks * kv.keyTokens();
    for (int worker = 0; worker < workers.threads(); worker++) {
      if (scores[worker].length < scoresNeeded) {
        scores[worker] = new float[scoresNeeded + scoresNeeded / 2];
      }
      if (queries[worker].length < QUERIES * kv.headDim()) {
        queries[worker] = new float[QUERIES * kv.headDim()];
      }
      if (sums[worker].length < QUERIES * kv.valueDim() + LANES) {
        sums[worker] = new float[QUERIES * kv.valueDim() + LANES];
      }
    }
  }

  @Override
  public void run(int unit, int worker) {
    int row = unit / kv.kvHeads();
    int kvHead = unit % kv.kvHeads();
    int group = heads / kv.kvHeads();
    for (int first = 0; first < group; first += QUERIES) {
      int count = Math.min(QUERIES, group - first);
      int at = row * stride + (kvHead * group + first) * kv.headDim();
      attend(row, kvHead, at, count, worker);
    }
  }

  /** Up to four query heads, which lie one after another from {@code at} on. */
  private void attend(int row, int kvHead, int at, int count, int worker) {
    int headDim = kv.headDim();
    float[] tile = queries[worker];
    for (int i = 0; i < QUERIES; i++) {
      for (int d = 0; d < headDim; d++) {
        tile[d * QUERIES + i] = i < count ? q[at + i * headDim + d] * spec.scale() : 0f;
      }
    }
    int last = batch.positions()[row];
    int first = spec.firstPosition(last);
    int[] blockTable = batch.blockTables()[segmentOfRow[row]];
    int firstBlock = first / kv.blockTokens();
    int blocks = last / kv.blockTokens() + 1 - firstBlock; // those with a position in sight
    int length = blocks * kv.keyTokens();
    float[] weights = scores[worker];
    boolean int8 = kv.type() == KvType.INT8;
    if (int8) {
      VectorInt8Kv.score(kv, layer, blockTable, firstBlock, blocks, kvHead, tile, weights, length);
    } else {
      score(blockTable, firstBlock, blocks, kvHead, tile, weights, length);
    }
    float[] mean = sums[worker];
    int lanesAt = QUERIES * kv.valueDim();
    for (int i = 0; i < count; i++) {
      if (spec.softCap() > 0) {
        VectorMath.softCap(weights, i * length, length, spec.softCap());
      }
      mask(weights, i * length, first, last, firstBlock, blocks);
      softmax(weights, i * length, length, mean, lanesAt);
    }
    Arrays.fill(mean, 0, lanesAt, 0f);
    for (int block = 0; block < blocks; block++) {
      int start = (firstBlock + block) * kv.blockTokens();
      int from = Math.max(0, first - start);
      int to = Math.min(kv.blockTokens(), last + 1 - start);
      int id = blockTable[firstBlock + block];
      int valuesAt = kv.valuesAt(id, kvHead) + from * kv.valueDim();
      int weightsAt = block * kv.keyTokens() + from;
      if (int8) {
        int scalesAt = kv.scalesAt(id, kvHead);
        VectorInt8Kv.weigh(kv, layer, scalesAt, weights, block * kv.keyTokens(), length);
      }
      for (int d = 0; d < kv.valueDim(); d += 2 * LANES) {
        if (int8) {
          VectorInt8Kv.mix(kv, layer, valuesAt + d, to - from, weights, weightsAt, length, mean, d);
        } else {
          mix(valuesAt + d, to - from, weights, weightsAt, length, mean, d);
        }
      }
    }
    for (int i = 0; i < count; i++) {
      System.arraycopy(mean, i * kv.valueDim(), out, at + i * headDim, headDim);
    }
  }

  /** {@code to[i][token] = q[i] . key[token]}, whole vectors of every block in sight. */
  private void score(
      int[] blockTable,
      int firstBlock,
      int blocks,
      int kvHead,
      float[] tile,
      float[] to,
      int length) {
    float[] keys = kv.keys(layer);
    int step = kv.keyTokens();
    int headDim = kv.headDim();
    for (int block = 0; block < blocks; block++) {
      int keysAt = kv.keysAt(blockTable[firstBlock + block], kvHead);
      for (int t = 0; t < step; t += LANES) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int d = 0; d < headDim; d++) {
          FloatVector key = FloatVector.fromArray(F, keys, keysAt + t + d * step);
          s0 = key.fma(FloatVector.broadcast(F, tile[4 * d]), s0);
          s1 = key.fma(FloatVector.broadcast(F, tile[4 * d + 1]), s1);
          s2 = key.fma(FloatVector.broadcast(F, tile[4 * d + 2]), s2);
          s3 = key.fma(FloatVector.broadcast(F, tile[4 * d + 3]), s3);
        }
        int at = block * step + t;
        s0.intoArray(to, at);
        s1.intoArray(to, at + length);
        s2.intoArray(to, at + 2 * length);
        s3.intoArray(to, at + 3 * length);
      }
    }
  }

  /** Masks the blocks' padding and the positions before {@code first} and after {@code last}. */
  private void mask(float[] weights, int at, int first, int last, int firstBlock, int blocks) {
    int step = kv.keyTokens();
    for (int block = 0; block < blocks; block++) {
      int start = (firstBlock + block) * kv.blockTokens();
      int from = Math.max(0, first - start);
      int to = Math.min(kv.blockTokens(), last + 1 - start);
      Arrays.fill(weights, at + block * step, at + block * step + from, MASKED);
      Arrays.fill(weights, at + block * step + to, at + (block + 1) * step, MASKED);
    }
  }

  /** In place over {@code [at, at + length)}, whole vectors. */
  private static void softmax(float[] weights, int at, int length, float[] lanes, int lanesAt) {
    float max = VectorMath.max(weights, at, length);
    VectorMath.exp(weights, at, length, 1f, -max, weights, at);
    VectorMath.scale(weights, at, length, 1f / VectorMath.sum(weights, at, length, lanes, lanesAt));
  }

  /**
   * Adds one block's share for two vectors of dimensions: {@code to[i][d .. d + 2 LANES) += sum
   * over tokens of weights[i][token] * value[token][d ..]}. The sums wait in memory from block to
   * block: carried through two nested loops, JDK 17 would make objects of them.
   */
  private void mix(
      int valuesAt, int tokens, float[] weights, int weightsAt, int length, float[] to, int d) {
    float[] values = kv.values(layer);
    int valueDim = kv.valueDim();
    int d1 = d + valueDim;
    int d2 = d1 + valueDim;
    int d3 = d2 + valueDim;
    FloatVector a0 = FloatVector.fromArray(F, to, d);
    FloatVector a1 = FloatVector.fromArray(F, to, d1);
    FloatVector a2 = FloatVector.fromArray(F, to, d2);
    FloatVector a3 = FloatVector.fromArray(F, to, d3);
    FloatVector b0 = FloatVector.fromArray(F, to, d + LANES);
    FloatVector b1 = FloatVector.fromArray(F, to, d1 + LANES);
    FloatVector b2 = FloatVector.fromArray(F, to, d2 + LANES);
    FloatVector b3 = FloatVector.fromArray(F, to, d3 + LANES);
    for (int t = 0; t < tokens; t++) {
      FloatVector a = FloatVector.fromArray(F, values, valuesAt + t * valueDim);
      FloatVector b = FloatVector.fromArray(F, values, valuesAt + t * valueDim + LANES);
      int at = weightsAt + t;
      FloatVector w0 = FloatVector.broadcast(F, weights[at]);
      FloatVector w1 = FloatVector.broadcast(F, weights[at + length]);
      FloatVector w2 = FloatVector.broadcast(F, weights[at + 2 * length]);
      FloatVector w3 = FloatVector.broadcast(F, weights[at + 3 * length]);
      a0 = a.fma(w0, a0);
      b0 = b.fma(w0, b0);
      a1 = a.fma(w1, a1);
      b1 = b.fma(w1, b1);
      a2 = a.fma(w2, a2);
      b2 = b.fma(w2, b2);
      a3 = a.fma(w3, a3);
      b3 = b.fma(w3, b3);
    }
    a0.intoArray(to, d);
    b0.intoArray(to, d + LANES);
    a1.intoArray(to, d1);
    b1.intoArray(to, d1 + LANES);
    a2.intoArray(to, d2);
    b2.intoArray(to, d2 + LANES);
    a3.intoArray(to, d3);
    b3.intoArray(to, d3 + LANES);
  }
}
