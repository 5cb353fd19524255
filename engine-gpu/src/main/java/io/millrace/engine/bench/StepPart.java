package io.millrace.engine.bench;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.model.Weights;
import java.io.IOException;

/** Measures steps of a model: prompts, decoding, what determinism costs, what launching costs. */
final class StepPart {
  private static final String RATE = "tokens/s";

  private final BenchOptions options;
  private final BenchDevice device;
  private final BenchLog log;

  StepPart(BenchOptions options, BenchDevice device, BenchLog log) {
    this.options = options;
    this.device = device;
    this.log = log;
  }

  /** A prompt, deterministic and not, and decoding by batch. */
  void steps(BenchModel model) throws IOException {
    try (Backend loader = device.backend(true, true);
        ModelSource source = model.source();
        Weights weights = Weights.load(source, loader)) {
      try (StepRun run = run(weights, loader, 1)) {
        prompt(model, run, "prompt");
      }
      try (Backend free = device.backend(false, true);
          StepRun run = run(weights, free, 1)) {
        prompt(model, run, "prompt, not deterministic");
      }
      for (int batch : options.batches()) {
        log.attempt(model, "decode", batch, RATE, () -> decode(model, weights, loader, batch));
      }
    }
  }

  /** A cache for each batch size: the largest may find no memory, and the others are known then. */
  private void decode(BenchModel model, Weights weights, Backend backend, int batch)
      throws IOException {
    try (StepRun run = run(weights, backend, batch)) {
      int filled = run.fill(batch, options.fillSeconds());
      double seconds = run.decode(batch, options.seconds()) / 1e9;
      String note =
          filled == batch ? "" : "the prompts of " + filled + " of " + batch + " were computed";
      double limit = limit(model, batch, 1, options.context());
      log.add(model, "decode", batch, batch / seconds, RATE, batch / limit, note);
    }
  }

  /** A small batch with and without graphs: the difference is what launching costs a host. */
  void launches(BenchModel model) throws IOException {
    double limit = 1e6 * limit(model, 1, 1, options.context());
    try (Backend loader = device.backend(true, true);
        ModelSource source = model.source();
        Weights weights = Weights.load(source, loader)) {
      for (boolean graphs : new boolean[] {true, false}) {
        try (Backend backend = device.backend(true, graphs);
            StepRun run = run(weights, backend, 1)) {
          double micros = run.decode(1, options.seconds()) / 1e3;
          String measure = graphs ? "a step, graphs" : "a step, no graphs";
          log.add(model, measure, 1, micros, "us", limit, "");
        }
      }
    }
  }

  private void prompt(BenchModel model, StepRun run, String measure) throws IOException {
    double seconds = run.prompt(options.seconds()) / 1e9;
    int tokens = options.context();
    double limit = tokens / limit(model, 1, tokens, 0);
    log.add(model, measure, 1, tokens / seconds, RATE, limit, tokens + " tokens in one step");
  }

  private double limit(BenchModel model, int sequences, int rows, int history) {
    return device
        .roofline()
        .seconds(StepCost.of(model.shape(), model.type(), options.kv(), sequences, rows, history));
  }

  private StepRun run(Weights weights, Backend backend, int sequences) {
    return new StepRun(
        weights, backend, options.kv(), sequences, options.context(), System::nanoTime);
  }
}
