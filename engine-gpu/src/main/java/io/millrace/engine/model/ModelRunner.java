package io.millrace.engine.model;

import io.millrace.engine.SamplingParams;
import io.millrace.engine.TokenOutput;
import io.millrace.engine.sampling.RowDraws;
import io.millrace.engine.sampling.Sampler;
import io.millrace.engine.scheduler.ChunkOutput;
import io.millrace.engine.scheduler.ScheduledBatch;
import io.millrace.engine.scheduler.ScheduledBatch.Chunk;
import io.millrace.engine.scheduler.Sequence;
import io.millrace.engine.speculative.Draft;
import io.millrace.engine.speculative.Verifier;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Computes a scheduled batch: lays its tokens out as flat arrays, runs the model, draws tokens from
 * the logits and compares them with those that were drafted. The model draws them itself if it can
 * and all of the step's rows suit it; else their logits are read. Not thread-safe.
 */
public final class ModelRunner {
  private static final Logger LOG = LoggerFactory.getLogger(ModelRunner.class);

  private final LanguageModel model;
  private final Sampler sampler;
  private final RowDraws draws;
  private final BatchLayout layout = new BatchLayout();

  /**
   * @param model remains the caller's to close
   * @param sampler reads the first logits of each row, all or fewer
   */
  public ModelRunner(LanguageModel model, Sampler sampler) {
    this.model = model;
    this.sampler = sampler;
    this.draws = new RowDraws(sampler.vocabSize());
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

  /** Without drafts: whether a request fails is not theirs to decide. */
  private List<ChunkOutput> computeOneByOne(ScheduledBatch batch, RuntimeException failure) {
    List<ChunkOutput> outputs = new ArrayList<>(batch.chunks().size());
    boolean computed = false;
    for (Chunk chunk : batch.chunks()) {
      try {
        outputs.addAll(compute(new ScheduledBatch(List.of(chunk.withoutDraft()))));
        computed = true;
      } catch (RuntimeException e) {
        outputs.add(ChunkOutput.failed("the model failed", e));
      }
    }
    if (!computed) {
      throw failure;
    }
    return outputs;
  }

  private List<ChunkOutput> compute(ScheduledBatch batch) {
    ForwardBatch rows = forwardBatch(batch);
    return model.draws() && fillDraws(batch)
        ? outputs(batch, drawn(model.draw(rows, draws)))
        : outputs(batch, sampled(model.forward(rows)));
  }

  private static List<ChunkOutput> outputs(ScheduledBatch batch, Verifier.Rows rows) {
    List<ChunkOutput> outputs = new ArrayList<>(batch.chunks().size());
    int first = 0;
    for (Chunk chunk : batch.chunks()) {
      int from = first;
      outputs.add(
          chunk.sampled()
              ? Verifier.verify(chunk, (row, history) -> rows.draw(from + row, history))
              : ChunkOutput.COMPUTED);
      first += chunk.sampledRows();
    }
    return outputs;
  }

  private Verifier.Rows sampled(float[] logits) {
    return (row, history) ->
        sampler.sample(
            logits,
            row * model.vocabSize(),
            history.sequence().sampling(),
            history,
            history.outputLength());
  }

  private static Verifier.Rows drawn(int[] tokens) {
    return (row, history) -> {
      if (tokens[row] < 0) {
        throw new ArithmeticException(
            "the model's logits are not all numbers, or exclude every token");
      }
      return new TokenOutput(tokens[row], Float.NaN, List.of(), false);
    };
  }

  /** Whether all rows can be drawn by the model; then {@link #draws} says how. */
  private boolean fillDraws(ScheduledBatch batch) {
    draws.clear();
    for (Chunk chunk : batch.chunks()) {
      Sequence sequence = chunk.sequence();
      SamplingParams params = sequence.sampling();
      if (chunk.sampled()
          && (params.logprobs() >= 0 || !RowDraws.suits(params, new Draft(sequence, 0)))) {
        return false;
      }
      for (int row = 0; row < chunk.sampledRows(); row++) {
        draws.add(params, sequence.outputLength() + row);
      }
    }
    return true;
  }

  private ForwardBatch forwardBatch(ScheduledBatch batch) {
    layout.clear();
    for (Chunk chunk : batch.chunks()) {
      Sequence sequence = chunk.sequence();
      layout.add(
          Draft.of(sequence, chunk.draft()),
          chunk.from(),
          chunk.to() + chunk.draft().length,
          sequence.blockTable(),
          chunk.sampledRows());
    }
    return layout.batch();
  }
}
