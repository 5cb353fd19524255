package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.AttentionSpec;
import io.millrace.engine.backend.KvCache;

/** Keys and values as float32, {@code [layers][slots][kvHeads][headDim]}. */
final class ScalarKvCache implements KvCache {
  private final int blocks;
  private final int blockTokens;
  private final int kvHeads;
  private final int headDim;
  private float[][] keys;
  private float[][] values;

  ScalarKvCache(int layers, int blocks, int blockTokens, int kvHeads, int headDim) {
    long layerElements = (long) blocks * blockTokens * kvHeads * headDim;
    if (layerElements > CpuWeights.ELEMENTS_MAX) {
      throw new IllegalArgumentException(
          "a KV cache of " + blocks + " blocks does not fit a Java array; use fewer blocks");
    }
    this.blocks = blocks;
    this.blockTokens = blockTokens;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.keys = new float[layers][(int) layerElements];
    this.values = new float[layers][(int) layerElements];
  }

  static ScalarKvCache of(KvCache cache) {
    if (cache instanceof ScalarKvCache kv) {
      return kv;
    }
    throw new IllegalArgumentException("not a KV cache that cpu-scalar has made");
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
      int key = elementAt(blockTable, position, kvHead);
      float score = 0f;
      for (int i = 0; i < headDim; i++) {
        score += q[at + i] * keys[layer][key + i];
      }
      score *= spec.scale();
      scores[position] =
          spec.softCap() > 0 ? spec.softCap() * (float) Math.tanh(score / spec.softCap()) : score;
      max = Math.max(max, scores[position]);
    }
    float sum = 0f;
    for (int position = first; position <= last; position++) {
      scores[position] = (float) Math.exp(scores[position] - max);
      sum += scores[position];
    }
    for (int i = 0; i < headDim; i++) {
      float mean = 0f;
      for (int position = first; position <= last; position++) {
        mean += scores[position] * values[layer][elementAt(blockTable, position, kvHead) + i];
      }
      out[at + i] = mean / sum;
    }
  }

  private int elementAt(int[] blockTable, int position, int kvHead) {
    int slot = blockTable[position / blockTokens] * blockTokens + position % blockTokens;
    return (slot * kvHeads + kvHead) * headDim;
  }

  float[] keys(int layer) {
    return keys[layer];
  }

  float[] values(int layer) {
    return values[layer];
  }

  int kvHeads() {
    return kvHeads;
  }

  int headDim() {
    return headDim;
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
    return 2L * 4 * keys.length * blocks * blockTokens * kvHeads * headDim;
  }

  @Override
  public void close() {
    keys = null;
    values = null;
  }
}
