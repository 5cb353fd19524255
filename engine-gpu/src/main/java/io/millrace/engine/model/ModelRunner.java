package io.millrace.engine.model;

import io.millrace.engine.kvcache.BlockTable;
import io.millrace.engine.sampling.Sampler;
import io.millrace.engine.scheduler.ChunkOutput;
import io.millrace.engine.scheduler.ScheduledBatch;
import io.millrace.engine.scheduler.ScheduledBatch.Chunk;
import io.millrace.engine.scheduler.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Computes a scheduled batch: lays its tokens out as flat arrays, runs the model, draws tokens from
 * the logits. Not thread-safe.
 */
public final class ModelRunner {
  private static final Logger LOG = LoggerFactory.getLogger(ModelRunner.class);
  private static final int ERROR_LENGTH_MAX = 200;

  private final LanguageModel model;
  private final Sampler sampler;

  // Kept from step to step: while sequences decode, the number of rows stays the same.
  private int[] tokens = new int[0];
  private int[] positions = new int[0];
  private int[] slots = new int[0];

  /**
   * @param model remains the caller's to close
   * @param sampler reads the first logits of each row, all or fewer
   */
  public ModelRunner(LanguageModel model, Sampler sampler) {
    this.model = model;
    this.sampler = sampler;
  }

  /**
   * Computes the batch. If the forward pass fails, its chunks are computed one by one, and a chunk
   * that fails alone fails alone. If drawing a token fails, so does that chunk.
   *
   * @return one output for each chunk, in order
   * @throws RuntimeException the model's own, if no chunk at all can be computed: then it is not
   *     one request's fault
   */
  public List<ChunkOutput> run(ScheduledBatch batch) {
    try {
      return compute(batch);
    } catch (RuntimeException e) {
      LOG.error("the forward pass of {} tokens failed", batch.tokens(), e);
      return computeOneByOne(batch, e);
    }
  }

  private List<ChunkOutput> computeOneByOne(ScheduledBatch batch, RuntimeException failure) {
    List<ChunkOutput> outputs = new ArrayList<>(batch.chunks().size());
    boolean computed = false;
    for (Chunk chunk : batch.chunks()) {
      try {
        outputs.addAll(compute(new ScheduledBatch(List.of(chunk))));
        computed = true;
      } catch (RuntimeException e) {
        outputs.add(ChunkOutput.failed(line("the model failed", e)));
      }
    }
    if (!computed) {
      throw failure;
    }
    return outputs;
  }

  private List<ChunkOutput> compute(ScheduledBatch batch) {
    float[] logits = model.forward(forwardBatch(batch));
    List<ChunkOutput> outputs = new ArrayList<>(batch.chunks().size());
    int row = 0;
    for (Chunk chunk : batch.chunks()) {
      outputs.add(chunk.sampled() ? sample(chunk.sequence(), logits, row++) : ChunkOutput.COMPUTED);
    }
    return outputs;
  }

  private ChunkOutput sample(Sequence sequence, float[] logits, int row) {
    try {
      return ChunkOutput.of(
          sampler.sample(
              logits,
              row * model.vocabSize(),
              sequence.sampling(),
              sequence,
              sequence.outputLength()));
    } catch (RuntimeException e) {
      LOG.warn("no token could be drawn for request {}", sequence.id(), e);
      return ChunkOutput.failed(line("no token could be drawn", e));
    }
  }

  private ForwardBatch forwardBatch(ScheduledBatch batch) {
    resize(batch.tokens());
    int segments = batch.chunks().size();
    int[] segmentStarts = new int[segments + 1];
    int[][] blockTables = new int[segments][];
    int[] logitsRows = new int[segments];
    int sampled = 0;
    int row = 0;
    for (int s = 0; s < segments; s++) {
      Chunk chunk = batch.chunks().get(s);
      BlockTable blockTable = chunk.sequence().blockTable();
      segmentStarts[s] = row;
      blockTables[s] = blockTable.blocks();
      for (int position = chunk.from(); position < chunk.to(); position++, row++) {
        tokens[row] = chunk.sequence().token(position);
        positions[row] = position;
        slots[row] = blockTable.slot(position);
      }
      if (chunk.sampled()) {
        logitsRows[sampled++] = row - 1;
      }
    }
    segmentStarts[segments] = row;
    return new ForwardBatch(
        tokens, positions, slots, segmentStarts, blockTables, Arrays.copyOf(logitsRows, sampled));
  }

  private void resize(int rows) {
    if (tokens.length != rows) {
      tokens = new int[rows];
      positions = new int[rows];
      slots = new int[rows];
    }
  }

  private static String line(String what, RuntimeException cause) {
    String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    String line = what + ": " + why.replaceAll("\\s+", " ");
    return line.length() <= ERROR_LENGTH_MAX
        ? line
        : line.substring(0, ERROR_LENGTH_MAX - 3) + "...";
  }
}
