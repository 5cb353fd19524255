package io.millrace.jobs.testing;

import io.millrace.engine.EngineConfig;
import io.millrace.engine.LocalEngine;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.LanguageModel;
import io.millrace.jobs.ModelOptions;
import io.millrace.jobs.Models;
import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.configuration.Configuration;

/**
 * The real engine over a model of known speed: a step takes so long, whatever is in the batch, as
 * on a device whose time goes into reading the weights. Every token is an {@code a}, and only the
 * limit of tokens ends an answer.
 */
public record PacedModels(Duration step) implements Models {
  private static final long serialVersionUID = 1L;

  private static final int CONTEXT_TOKENS = 1024;
  private static final int BLOCK_TOKENS = 16;
  private static final int VOCAB = 128;

  @Override
  public ModelProfile profile(Configuration options, String model) {
    return new FakeProfile(model, "digest", CONTEXT_TOKENS, CONTEXT_TOKENS, 0);
  }

  @Override
  public OpenedModel open(Configuration options, String model) {
    int sequences = options.get(new ModelOptions(model).sequencesMax);
    int blocks = sequences * CONTEXT_TOKENS / BLOCK_TOKENS;
    EngineConfig config =
        EngineConfig.of(
                sequences, 64 * sequences, 2 * sequences, blocks, BLOCK_TOKENS, CONTEXT_TOKENS, 1)
            .withPrefixCache(false);
    return new OpenedModel(
        new LocalEngine(
            new PacedModel(step.toNanos(), blocks), FakeEngine.TOKENIZER, config, System::nanoTime),
        FakeEngine.TOKENIZER,
        "paced",
        () -> "digest",
        () -> {});
  }

  private record PacedModel(long stepNanos, int kvBlocks) implements LanguageModel {
    @Override
    public float[] forward(ForwardBatch batch) {
      long end = System.nanoTime() + stepNanos;
      float[] logits = new float[batch.logitsRows().length * VOCAB];
      for (int row = 0; row < batch.logitsRows().length; row++) {
        logits[row * VOCAB + 'a'] = 1;
      }
      for (long left = stepNanos; left > 0; left = end - System.nanoTime()) {
        LockSupport.parkNanos(this, left);
        if (Thread.currentThread().isInterrupted()) {
          break;
        }
      }
      return logits;
    }

    @Override
    public int vocabSize() {
      return VOCAB;
    }

    @Override
    public int contextLength() {
      return CONTEXT_TOKENS;
    }

    @Override
    public int blockTokens() {
      return BLOCK_TOKENS;
    }

    @Override
    public void close() {}
  }
}
