package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.KvCache;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.quant.HalfFloats;

/**
 * Keys and values laid out for {@link VectorAttention}: a lane of keys is a token, a lane of values
 * is a dimension.
 *
 * <pre>
 * keys    [layers][blocks][kvHeads][headDim][tokens of a block, filled up to whole vectors]
 * values  [layers][blocks][kvHeads][tokens of a block][headDim, filled up to pairs of vectors]
 * scales  [layers][blocks][kvHeads][tokens of a block, filled up to whole vectors], of int8
 * </pre>
 *
 * <p>Float32 or int8. What {@link KvType#F16} rounds is kept as float32 and saves no memory here:
 * JDK 17 has no fast conversion of binary16; blocks of fewer tokens than a vector has lanes waste
 * memory.
 */
final class VectorKvCache implements KvCache {
  private final KvType type;
  private final int blocks;
  private final int blockTokens;
  private final int layers;
  private final int kvHeads;
  private final int headDim;
  private final int keyTokens;
  private final int valueDim;

  // ---- of float32
  private float[][] keys;
  private float[][] values;

  // ---- of int8
  private byte[][] keyQuants;
  private byte[][] valueQuants;
  private float[][] keyScales;
  private float[][] valueScales;
  private final byte[] rounded; // the vector being stored

  VectorKvCache(KvType type, int layers, int blocks, int blockTokens, int kvHeads, int headDim) {
    this.type = type;
    this.blocks = blocks;
    this.blockTokens = blockTokens;
    this.layers = layers;
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
    rounded = new byte[headDim];
    switch (type) {
      case F32, F16 -> {
        keys = new float[layers][(int) keyElements];
        values = new float[layers][(int) valueElements];
      }
      case INT8 -> {
        keyQuants = new byte[layers][(int) keyElements + VectorInt8Kv.OVERREAD];
        valueQuants = new byte[layers][(int) valueElements + VectorInt8Kv.OVERREAD];
        keyScales = new float[layers][blocks * kvHeads * keyTokens];
        valueScales = new float[layers][blocks * kvHeads * keyTokens];
      }
    }
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
      int of = head * headDim;
      if (type != KvType.INT8) {
        storeFloats(layer, block, head, token, k, keyAt + of, v, valueAt + of);
      } else {
        storeQuants(layer, block, head, token, k, keyAt + of, v, valueAt + of);
      }
    }
  }

  private void storeFloats(
      int layer, int block, int head, int token, float[] k, int keyAt, float[] v, int valueAt) {
    int to = keysAt(block, head) + token;
    for (int i = 0; i < headDim; i++) {
      keys[layer][to + i * keyTokens] = kept(k[keyAt + i]);
    }
    to = valuesAt(block, head) + token * valueDim;
    for (int i = 0; i < headDim; i++) {
      values[layer][to + i] = kept(v[valueAt + i]);
    }
  }

  private float kept(float x) {
    return type == KvType.F16 ? HalfFloats.f16(HalfFloats.toF16(x)) : x;
  }

  private void storeQuants(
      int layer, int block, int head, int token, float[] k, int keyAt, float[] v, int valueAt) {
    int scaleAt = scalesAt(block, head) + token;
    keyScales[layer][scaleAt] = Int8Blocks.quantise(k, keyAt, headDim, rounded, 0);
    int to = keysAt(block, head) + token;
    for (int i = 0; i < headDim; i++) {
      keyQuants[layer][to + i * keyTokens] = rounded[i];
    }
    to = valuesAt(block, head) + token * valueDim;
    valueScales[layer][scaleAt] = Int8Blocks.quantise(v, valueAt, headDim, valueQuants[layer], to);
  }

  float[] keys(int layer) {
    return keys[layer];
  }

  float[] values(int layer) {
    return values[layer];
  }

  byte[] keyQuants(int layer) {
    return keyQuants[layer];
  }

  byte[] valueQuants(int layer) {
    return valueQuants[layer];
  }

  float[] keyScales(int layer) {
    return keyScales[layer];
  }

  float[] valueScales(int layer) {
    return valueScales[layer];
  }

  /** Where a block's keys of one head start. */
  int keysAt(int block, int kvHead) {
    return (block * kvHeads + kvHead) * headDim * keyTokens;
  }

  /** Where a block's values of one head start. */
  int valuesAt(int block, int kvHead) {
    return (block * kvHeads + kvHead) * blockTokens * valueDim;
  }

  /** Where the scales of a block's keys and values of one head start. */
  int scalesAt(int block, int kvHead) {
    return (block * kvHeads + kvHead) * keyTokens;
  }

  int kvHeads() {
    return kvHeads;
  }

  int headDim() {
    return headDim;
  }

  /** Elements from one dimension of a block's keys to the next. */
  int keyTokens() {
    return keyTokens;
  }

  /** Elements from one token of a block's values to the next. */
  int valueDim() {
    return valueDim;
  }

  @Override
  public KvType type() {
    return type;
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
    long elements = (long) blocks * kvHeads * (headDim * keyTokens + blockTokens * valueDim);
    return switch (type) {
      case F32, F16 -> 4L * layers * elements;
      case INT8 -> layers * (elements + 2 * 4L * blocks * kvHeads * keyTokens);
    };
  }

  @Override
  public void close() {
    keys = null;
    values = null;
    keyQuants = null;
    valueQuants = null;
    keyScales = null;
    valueScales = null;
  }
}
