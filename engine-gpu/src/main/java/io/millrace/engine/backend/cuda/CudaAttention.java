package io.millrace.engine.backend.cuda;

import static io.millrace.engine.backend.cuda.CudaMatmul.ceil;

import io.millrace.engine.backend.AttentionSpec;
import io.millrace.engine.backend.KvType;
import java.util.OptionalInt;

/**
 * Keys and values into the cache, and attention to them: each row in splits of 128 positions, whose
 * results a second kernel adds. As many rows go at once as the splits' results have room for; how
 * many changes nothing in any row.
 */
final class CudaAttention implements AutoCloseable {

  /** Positions of one split, as {@code splits.cuh} has it. */
  private static final int SPLIT = 128;

  /** Bytes that the splits' results of a launch take at most, unless one row needs more. */
  private static final long PARTIAL_BYTES_MAX = 256L << 20;

  private static final int[] WIDTHS = {32, 64, 128, 256};

  private final Kernels kernels;
  private final Launches launches;
  private final Scratch partial;
  private final long partialBytesMax;

  CudaAttention(Kernels kernels, Launches launches, CudaMemory memory, Runnable beforeFreeing) {
    this(kernels, launches, memory, beforeFreeing, PARTIAL_BYTES_MAX);
  }

  CudaAttention(
      Kernels kernels,
      Launches launches,
      CudaMemory memory,
      Runnable beforeFreeing,
      long partialBytesMax) {
    this.kernels = kernels;
    this.launches = launches;
    this.partial = new Scratch(memory, "attention's splits", beforeFreeing);
    this.partialBytesMax = partialBytesMax;
  }

  /** The kernels' width for heads of so many elements; empty if there are none. */
  static OptionalInt width(int headDim) {
    for (int width : WIDTHS) {
      if (headDim <= width && headDim % (width / 32) == 0) {
        return OptionalInt.of(width);
      }
    }
    return OptionalInt.empty();
  }

  void store(StepInputs step, CudaTensor k, CudaTensor v, CudaKvCache cache, int layer) {
    int rows = step.rows();
    boolean int8 = cache.type() == KvType.INT8;
    launches
        .begin(
            kernels.get("rope", "kv_store_" + cache.suffix()),
            rows,
            int8 ? cache.kvHeads() : 1,
            1,
            int8 ? 32 : 128)
        .pointer(k.address())
        .pointer(v.address())
        .pointer(cache.keys(layer))
        .pointer(cache.values(layer));
    if (int8) {
      launches.pointer(cache.keyScales(layer)).pointer(cache.valueScales(layer));
    }
    launches.pointer(step.slots()).integer(rows);
    if (int8) {
      launches.integer(cache.kvHeads()).integer(cache.headDim());
    } else {
      launches.integer(cache.kvHeads() * cache.headDim());
    }
    launches.end();
  }

  void attend(
      StepInputs step,
      CudaTensor q,
      CudaKvCache cache,
      int layer,
      AttentionSpec spec,
      CudaTensor out) {
    attend(step, 0, step.rows(), q, cache, layer, spec, out);
  }

  /** The same of the rows from {@code from} to {@code end}, exclusive. */
  void attend(
      StepInputs step,
      int from,
      int end,
      CudaTensor q,
      CudaKvCache cache,
      int layer,
      AttentionSpec spec,
      CudaTensor out) {
    int rows = end - from;
    int splits = splits(step.lastPosition(from, end));
    long rowBytes = 4L * heads(q, cache) * splits * (2 + cache.headDim());
    int atOnce = (int) Math.max(1, Math.min(rows, partialBytesMax / rowBytes));
    long to = partial.reserve(atOnce * rowBytes);
    for (int first = from; first < end; first += atOnce) {
      int count = Math.min(atOnce, end - first);
      splits(step, q, cache, layer, spec, splits, first, count, to);
      merge(step, q, cache, spec, splits, first, count, to, out);
    }
  }

  /**
   * Rounded up to a power of two, so that it changes seldom; those that nobody sees end at once.
   */
  private static int splits(int lastPosition) {
    return StepInputs.powerOfTwo(lastPosition / SPLIT + 1);
  }

  private static int heads(CudaTensor q, CudaKvCache cache) {
    return q.columns() / cache.headDim();
  }

  private void splits(
      StepInputs step,
      CudaTensor q,
      CudaKvCache cache,
      int layer,
      AttentionSpec spec,
      int splits,
      int first,
      int count,
      long to) {
    int heads = heads(q, cache);
    int width = width(cache.headDim()).orElseThrow();
    int headsOfBlock = width == 256 ? 4 : 8;
    String module = "attention_" + cache.suffix();
    launches
        .begin(
            kernels.get(module, module + "_d" + width),
            splits,
            cache.kvHeads() * ceil(heads / cache.kvHeads(), headsOfBlock),
            count,
            128)
        .pointer(q.address() + 4L * first * q.columns())
        .pointer(cache.keys(layer))
        .pointer(cache.values(layer))
        .pointer(cache.keyScales(layer))
        .pointer(cache.valueScales(layer))
        .pointer(step.positions() + 4L * first)
        .pointer(step.rowSegment() + 4L * first)
        .pointer(step.tables())
        .pointer(to)
        .integer(count)
        .integer(heads)
        .integer(cache.kvHeads())
        .integer(cache.headDim())
        .integer(cache.blockTokens())
        .integer(step.tableStride())
        .integer(splits)
        .integer(spec.window())
        .real(spec.scale())
        .real(spec.softCap())
        .end();
  }

  private void merge(
      StepInputs step,
      CudaTensor q,
      CudaKvCache cache,
      AttentionSpec spec,
      int splits,
      int first,
      int count,
      long from,
      CudaTensor out) {
    int heads = heads(q, cache);
    launches
        .begin(kernels.get("attention_merge", "attention_merge"), heads, count, 1, 128)
        .pointer(from)
        .pointer(step.positions() + 4L * first)
        .pointer(out.address() + 4L * first * out.columns())
        .integer(count)
        .integer(heads)
        .integer(cache.headDim())
        .integer(splits)
        .integer(spec.window())
        .end();
  }

  @Override
  public void close() {
    partial.close();
  }
}
