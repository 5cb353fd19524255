package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.KvCache;
import io.millrace.engine.backend.KvType;
import java.util.Locale;

/**
 * Keys and values by layer, {@code [slots][kvHeads][headDim]}, of int8 with scales {@code
 * [slots][kvHeads]}: memory taken once, for as long as the cache lives.
 */
final class CudaKvCache implements KvCache {
  private final KvType type;
  private final int blocks;
  private final int blockTokens;
  private final int kvHeads;
  private final int headDim;
  private final CudaMemory.Range keys;
  private final CudaMemory.Range values;
  private final CudaMemory.Range keyScales; // null but for int8
  private final CudaMemory.Range valueScales;
  private final Runnable beforeFreeing;

  CudaKvCache(
      CudaMemory memory,
      KvType type,
      int layers,
      int blocks,
      int blockTokens,
      int kvHeads,
      int headDim,
      Runnable beforeFreeing) {
    this.type = type;
    this.blocks = blocks;
    this.blockTokens = blockTokens;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.beforeFreeing = beforeFreeing;
    long vectors = (long) layers * blocks * blockTokens * kvHeads;
    String what =
        "a KV cache of "
            + (long) blocks * blockTokens
            + " tokens ("
            + type
            + ", "
            + layers
            + " layers)";
    CudaMemory.Range[] taken = new CudaMemory.Range[4];
    try {
      taken[0] = memory.allocate(CudaMemory.Use.KV_CACHE, what, vectors * vectorBytes());
      taken[1] = memory.allocate(CudaMemory.Use.KV_CACHE, what, vectors * vectorBytes());
      if (type == KvType.INT8) {
        taken[2] = memory.allocate(CudaMemory.Use.KV_CACHE, what, 4 * vectors);
        taken[3] = memory.allocate(CudaMemory.Use.KV_CACHE, what, 4 * vectors);
      }
    } catch (CudaException e) {
      close(taken);
      throw e;
    }
    keys = taken[0];
    values = taken[1];
    keyScales = taken[2];
    valueScales = taken[3];
  }

  static CudaKvCache of(KvCache cache) {
    if (cache instanceof CudaKvCache mine) {
      return mine;
    }
    throw new IllegalArgumentException("not a KV cache that cuda has made");
  }

  /** The type as the kernels' names have it. */
  String suffix() {
    return type.name().toLowerCase(Locale.ROOT);
  }

  private int vectorBytes() {
    return switch (type) {
      case F32 -> 4 * headDim;
      case F16 -> 2 * headDim;
      case INT8 -> headDim;
    };
  }

  /** Bytes of a layer's keys, or of its values. */
  private long layerBytes(int vectorBytes) {
    return (long) blocks * blockTokens * kvHeads * vectorBytes;
  }

  long keys(int layer) {
    return keys.address() + layer * layerBytes(vectorBytes());
  }

  long values(int layer) {
    return values.address() + layer * layerBytes(vectorBytes());
  }

  /** 0 where there are none. */
  long keyScales(int layer) {
    return keyScales == null ? 0 : keyScales.address() + layer * layerBytes(4);
  }

  /** 0 where there are none. */
  long valueScales(int layer) {
    return valueScales == null ? 0 : valueScales.address() + layer * layerBytes(4);
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
    return keys.bytes()
        + values.bytes()
        + (keyScales == null ? 0 : keyScales.bytes() + valueScales.bytes());
  }

  @Override
  public void close() {
    try {
      beforeFreeing.run();
    } finally {
      close(keys, values, keyScales, valueScales);
    }
  }

  private static void close(CudaMemory.Range... ranges) {
    for (CudaMemory.Range range : ranges) {
      if (range != null) {
        range.close();
      }
    }
  }
}
