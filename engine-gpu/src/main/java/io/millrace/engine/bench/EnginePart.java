package io.millrace.engine.bench;

import io.millrace.engine.EngineConfig;
import io.millrace.engine.LocalEngine;
import io.millrace.engine.Speculation;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.model.Transformer;
import io.millrace.engine.model.Weights;
import io.millrace.engine.speculative.DraftModelProposer;
import io.millrace.engine.speculative.PassTimes;
import io.millrace.engine.tokenizer.Tokenizer;
import io.millrace.engine.tokenizer.Tokenizers;
import java.io.IOException;

/** Measures whole engines: a mixed load, and steps with drafts against the model of their cost. */
final class EnginePart {
  private static final int BLOCK_TOKENS = 16;
  private static final int STEP_TOKENS = 1024;

  // ---- speculation
  private static final int DRAFT_TOKENS = 4;
  private static final int PROMPT = 64;
  private static final int OUTPUT = 64;

  /** Also room for the passes that the model of cost is measured by. */
  private static final int SPECULATION_CONTEXT = 256;

  private static final int[] SEQUENCES = {1, 8};

  private final BenchOptions options;
  private final BenchDevice device;
  private final BenchLog log;

  EnginePart(BenchOptions options, BenchDevice device, BenchLog log) {
    this.options = options;
    this.device = device;
    this.log = log;
  }

  /** Continuous batching of requests of many lengths, submitted at once. */
  void batching(BenchModel model) throws IOException {
    int sequences = options.batches().get(options.batches().size() - 1);
    EngineConfig config = config(sequences, EngineRun.PROMPT_MAX + EngineRun.OUTPUT_MAX);
    try (Backend backend = device.backend(true, true);
        ModelSource source = model.source();
        Weights weights = Weights.load(source, backend);
        LocalEngine engine =
            new LocalEngine(
                transformer(weights, backend, config),
                Tokenizers.fromGguf(source.metadata()),
                config,
                System::nanoTime)) {
      EngineRun run = new EngineRun(engine, model.shape().vocabSize(), System::nanoTime);
      run.tokensPerSecond(Math.min(options.requests(), sequences)); // warm-up
      double rate = run.tokensPerSecond(options.requests());
      String note = options.requests() + " requests, output tokens";
      log.add(model, "continuous batching", sequences, rate, "tokens/s", Double.NaN, note);
    }
  }

  /** A step with drafts of a fixed length; its limit is what the adaptive length reckons with. */
  void speculation(BenchModel model) throws IOException {
    BenchModel draft = options.draft();
    if (draft.shape().vocabSize() != model.shape().vocabSize()) {
      throw new IllegalArgumentException(
          "the draft model " + draft.name() + " has another vocabulary than " + model.name());
    }
    try (Backend backend = device.backend(true, true);
        ModelSource source = model.source();
        ModelSource draftSource = draft.source();
        Weights weights = Weights.load(source, backend);
        Weights draftWeights = Weights.load(draftSource, backend)) {
      Tokenizer tokenizer = Tokenizers.fromGguf(source.metadata());
      for (int sequences : SEQUENCES) {
        speculation(model, weights, draftWeights, backend, tokenizer, sequences);
      }
    }
  }

  private void speculation(
      BenchModel model,
      Weights weights,
      Weights draftWeights,
      Backend backend,
      Tokenizer tokenizer,
      int sequences)
      throws IOException {
    EngineConfig config =
        config(sequences, SPECULATION_CONTEXT)
            .withSpeculation(Speculation.fixed(Speculation.Method.DRAFT_MODEL, DRAFT_TOKENS));
    double target = 0;
    double draft = 0;
    try (Transformer alone = transformer(weights, backend, config);
        Transformer draftAlone = transformer(draftWeights, backend, config)) {
      target = times(alone).nanos(sequences * (1 + DRAFT_TOKENS));
      draft = times(draftAlone).nanos(sequences) * DRAFT_TOKENS;
    }
    DraftModelProposer proposer =
        new DraftModelProposer(
            transformer(draftWeights, backend, config),
            tokenizer,
            model.shape().vocabSize(),
            config.stepTokensMax(),
            System::nanoTime);
    try (LocalEngine engine =
        new LocalEngine(
            transformer(weights, backend, config),
            tokenizer,
            config,
            System::nanoTime,
            System::currentTimeMillis,
            proposer)) {
      EngineRun run = new EngineRun(engine, model.shape().vocabSize(), System::nanoTime);
      long warm = System.nanoTime() + (long) (1e9 * options.seconds());
      do {
        run.stepNanos(sequences, PROMPT, OUTPUT);
      } while (System.nanoTime() < warm);
      double nanos = run.stepNanos(sequences, PROMPT, OUTPUT);
      String note =
          "limit: as modelled; drafts of " + DRAFT_TOKENS + " tokens by " + options.draft().name();
      log.add(
          model, "a step with drafts", sequences, nanos / 1e3, "us", (target + draft) / 1e3, note);
    }
  }

  private PassTimes times(Transformer model) {
    BlockPool pool = new BlockPool(model.kvBlocks(), model.blockTokens());
    return PassTimes.measure(model, pool, (long) (1e9 * options.seconds()), System::nanoTime);
  }

  private EngineConfig config(int sequences, int contextTokens) {
    int blocks = sequences * ((contextTokens + BLOCK_TOKENS - 1) / BLOCK_TOKENS + 1);
    return EngineConfig.of(
            sequences,
            Math.max(STEP_TOKENS, sequences * (1 + DRAFT_TOKENS)),
            Math.max(options.requests(), sequences),
            blocks,
            BLOCK_TOKENS,
            contextTokens,
            1)
        .withPrefixCache(false)
        .withKvType(options.kv());
  }

  private static Transformer transformer(Weights weights, Backend backend, EngineConfig config) {
    return new Transformer(
        weights,
        backend,
        config.kvBlocks(),
        config.blockTokens(),
        config.contextTokensMax(),
        config.kvType());
  }
}
