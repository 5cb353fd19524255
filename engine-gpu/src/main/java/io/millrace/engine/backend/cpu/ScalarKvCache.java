package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.AttentionSpec;
import io.millrace.engine.backend.KvCache;
import io.millrace.engine.backend.KvType;
import java.util.Arrays;

/** Keys and values by layer, rows {@code [slots][kvHeads]} of {@code headDim} elements. */
final class ScalarKvCache implements KvCache {
  private final KvType type;
  private final int blocks;
  private final int blockTokens;
  private final int kvHeads;
  private final int headDim;
  private final long bytes;
  private ScalarKvRows[] keys;
  private ScalarKvRows[] values;

  ScalarKvCache(KvType type, int layers, int blocks, int blockTokens, int kvHeads, int headDim) {
    long layerElements = (long) blocks * blockTokens * kvHeads * headDim;
    if (layerElements > CpuWeights.ELEMENTS_MAX) {
      throw new IllegalArgumentException(
          "a KV cache of " + blocks + " blocks does not fit a Java array; use fewer blocks");
    }
    this.type = type;
    this.blocks = blocks;
    this.blockTokens = blockTokens;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    int rows = blocks * blockTokens * kvHeads;
    keys = new ScalarKvRows[layers];
    values = new ScalarKvRows[layers];
    Arrays.setAll(keys, layer -> ScalarKvRows.of(type, rows, headDim));
    Arrays.setAll(values, layer -> ScalarKvRows.of(type, rows, headDim));
    bytes = 2L * layers * keys[0].bytes();
  }

  static ScalarKvCache of(KvCache cache) {
    if (cache instanceof ScalarKvCache kv) {
      return kv;
    }
    throw new IllegalArgumentException("not a KV cache that cpu-scalar has made");
  }

  /** Writes one row's keys and values, {@code [kvHeads][headDim]} from {@code at} on. */
  void store(int layer, int slot, float[] k, float[] v, int at) {
    for (int head = 0; head < kvHeads; head++) {
      keys[layer].store(slot * kvHeads + head, k, at + head * headDim);
      values[layer].store(slot * kvHeads + head, v, at + head * headDim);
    }
  }

  /**
   * One head of one row: {@code out[at..] = softmax(scale x q[at..] . keys) x values}, over the
   * positions that {@code last} sees.
   *
   * @param scores scratch, at least {@code last + 1}
   */
  void attend(
      int layer,
      int kvHead,
      int[] blockTable,
      int last,
      float[] q,
      float[] out,
      int at,
      AttentionSpec spec,
      float[] scores) {
    int first = spec.firstPosition(last);
    float max = Float.NEGATIVE_INFINITY;
    for (int position = first; position <= last; position++) {
      float score = keys[layer].dot(row(blockTable, position, kvHead), q, at) * spec.scale();
      scores[position] =
          spec.softCap() > 0 ? spec.softCap() * (float) Math.tanh(score / spec.softCap()) : score;
      max = Math.max(max, scores[position]);
    }
    float sum = 0f;
    for (int position = first; position <= last; position++) {
      scores[position] = (float) Math.exp(scores[position] - max);
      sum += scores[position];
    }
    Arrays.fill(out, at, at + headDim, 0f);
    for (int position = first; position <= last; position++) {
      values[layer].addTo(out, at, row(blockTable, position, kvHead), scores[position]);
    }
    for (int i = at; i < at + headDim; i++) {
      out[i] /= sum;
    }
  }

  private int row(int[] blockTable, int position, int kvHead) {
    int slot = blockTable[position / blockTokens] * blockTokens + position % blockTokens;
    return slot * kvHeads + kvHead;
  }

  int kvHeads() {
    return kvHeads;
  }

  int headDim() {
    return headDim;
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
    return bytes;
  }

  @Override
  public void close() {
    keys = null;
    values = null;
  }
}
