package io.millrace.engine.backend.cuda;

import static io.millrace.engine.backend.cuda.CudaMatmul.ceil;

import io.millrace.engine.backend.AttentionSpec;

/**
 * Attention where rows need not come out the same in any company: chunks of prompts on tensor
 * cores, with keys and values rounded to binary16, and all other rows one by one.
 */
final class CudaChunkAttention {

  /** Rows of a segment from which it is a chunk: the warps of a block take 16 each. */
  private static final int CHUNK_ROWS_MIN = 16;

  private static final int BLOCK_ROWS = 64;
  private static final int THREADS = 128;

  private final Kernels kernels;
  private final Launches launches;
  private final CudaAttention rowByRow;

  CudaChunkAttention(Kernels kernels, Launches launches, CudaAttention rowByRow) {
    this.kernels = kernels;
    this.launches = launches;
    this.rowByRow = rowByRow;
  }

  /** Segment by segment, neighbours of a kind together. */
  void attend(
      StepInputs step,
      CudaTensor q,
      CudaKvCache cache,
      int layer,
      AttentionSpec spec,
      CudaTensor out) {
    boolean knows = knows(cache.headDim());
    int end;
    for (int first = 0; first < step.segments(); first = end) {
      boolean chunks = knows && isChunk(step, first);
      end = first + 1;
      while (end < step.segments() && chunks == (knows && isChunk(step, end))) {
        end++;
      }
      if (chunks) {
        chunks(step, first, end, q, cache, layer, spec, out);
      } else {
        rowByRow.attend(
            step, step.segmentStart(first), step.segmentStart(end), q, cache, layer, spec, out);
      }
    }
  }

  /** Whether there is a kernel for heads of so many elements. */
  private static boolean knows(int headDim) {
    return headDim <= 64 ? headDim % 2 == 0 : headDim <= 128 && headDim % 4 == 0;
  }

  private static boolean isChunk(StepInputs step, int segment) {
    return rows(step, segment) >= CHUNK_ROWS_MIN;
  }

  private static int rows(StepInputs step, int segment) {
    return step.segmentStart(segment + 1) - step.segmentStart(segment);
  }

  private void chunks(
      StepInputs step,
      int from,
      int to,
      CudaTensor q,
      CudaKvCache cache,
      int layer,
      AttentionSpec spec,
      CudaTensor out) {
    int longest = 0;
    for (int segment = from; segment < to; segment++) {
      longest = Math.max(longest, rows(step, segment));
    }
    int heads = q.columns() / cache.headDim();
    String kernel =
        "attention_prefill_" + cache.suffix() + (cache.headDim() <= 64 ? "_d64" : "_d128");
    launches
        .begin(
            kernels.get("attention_prefill", kernel),
            ceil(longest, BLOCK_ROWS),
            heads,
            to - from,
            THREADS)
        .pointer(q.address())
        .pointer(cache.keys(layer))
        .pointer(cache.values(layer))
        .pointer(cache.keyScales(layer))
        .pointer(cache.valueScales(layer))
        .pointer(step.positions())
        .pointer(step.segmentStarts() + 4L * from)
        .pointer(step.tables() + 4L * from * step.tableStride())
        .pointer(out.address())
        .integer(heads)
        .integer(cache.kvHeads())
        .integer(cache.headDim())
        .integer(cache.blockTokens())
        .integer(step.tableStride())
        .integer(spec.window())
        .real(spec.scale())
        .real(spec.softCap())
        .end();
  }
}
