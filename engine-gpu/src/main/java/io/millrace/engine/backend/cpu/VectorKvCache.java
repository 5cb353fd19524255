package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.KvCache;

/**
 * Keys and values as float32, laid out for {@link VectorAttention}: a lane of keys is a token, a
 * lane of values is a dimension.
 *
 * <pre>
 * keys    [layers][blocks][kvHeads][headDim][tokens of a block, filled up to whole vectors]
 * values  [layers][blocks][kvHeads][tokens of a block][headDim, filled up to pairs of vectors]
 * </pre>
 *
 * <p>Float32, because JDK 17 has no fast conversion of binary16; blocks of fewer tokens than a
 * vector has lanes waste memory.
 */
final class VectorKvCache implements KvCache {
  private final int blocks;
  private final int blockTokens;
  private final int kvHeads;
  private final int headDim;
  private final int keyTokens;
  private final int valueDim;
  private float[][] keys;
  private float[][] values;

  VectorKvCache(int layers, int blocks, int blockTokens, int kvHeads, int headDim) {
    this.blocks = blocks;
    this.blockTokens = blockTokens;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.keyTokens = roundUp(blockTokens, VectorWeight.LANES);
    this.valueDim = roundUp(headDim, 2 * VectorWeight.LANES);
    long keyElements = (long) blocks * kvHeads * headDim * keyTokens;
    long valueElements = (long) blocks * kvHeads * blockTokens * valueDim;
    if (Math.max(keyElements, valueElements) > CpuWeights.ELEMENTS_MAX) {
      throw new IllegalArgumentException(
          "a KV cache of " + blocks + " blocks does not fit a Java array; use fewer blocks");
    }
    keys = new float[layers][(int) keyElements];
    values = new float[layers][(int) valueElements];
  }

  static VectorKvCache of(KvCache cache) {
    if (cache instanceof VectorKvCache kv) {
      return kv;
    }
    throw new IllegalArgumentException("not a KV cache that cpu-vector has made");
  }

  static int roundUp(int n, int multiple) {
    return (n + multiple - 1) / multiple * multiple;
  }

  /** Writes one row's keys and values, {@code [kvHeads][headDim]} from {@code at} on. */
  void store(int layer, int slot, float[] k, int keyAt, float[] v, int valueAt) {
    int block = slot / blockTokens;
    int token = slot % blockTokens;
    for (int head = 0; head < kvHeads; head++) {
      int to = keysAt(block, head) + token;
      for (int i = 0; i < headDim; i++) {
        keys[layer][to + i * keyTokens] = k[keyAt + head * headDim + i];
      }
      System.arraycopy(
          v,
          valueAt + head * headDim,
          values[layer],
          valuesAt(block, head) + token * valueDim,
          headDim);
    }
  }

  float[] keys(int layer) {
    return keys[layer];
  }

  float[] values(int layer) {
    return values[layer];
  }

  /** Where a block's keys of one head start. */
  int keysAt(int block, int kvHead) {
    return (block * kvHeads + kvHead) * headDim * keyTokens;
  }

  /** Where a block's values of one head start. */
  int valuesAt(int block, int kvHead) {
    return (block * kvHeads + kvHead) * blockTokens * valueDim;
  }

  int kvHeads() {
    return kvHeads;
  }

  int headDim() {
    return headDim;
  }

  /** Floats from one dimension of a block's keys to the next. */
  int keyTokens() {
    return keyTokens;
  }

  /** Floats from one token of a block's values to the next. */
  int valueDim() {
    return valueDim;
  }

  @Override
  public int blocks() {
    return blocks;
  }

  @Override
  public int blockTokens() {
    return blockTokens;
  }

  @Override
  public long bytes() {
    long perBlock = (long) kvHeads * (headDim * keyTokens + blockTokens * valueDim);
    return 4L * keys.length * blocks * perBlock;
  }

  @Override
  public void close() {
    keys = null;
    values = null;
  }
}
