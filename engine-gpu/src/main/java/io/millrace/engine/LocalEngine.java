package io.millrace.engine;

import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.model.LanguageModel;
import io.millrace.engine.model.ModelRunner;
import io.millrace.engine.sampling.Sampler;
import io.millrace.engine.scheduler.ChunkOutput;
import io.millrace.engine.scheduler.ScheduledBatch;
import io.millrace.engine.scheduler.ScheduledBatch.Chunk;
import io.millrace.engine.scheduler.Scheduler;
import io.millrace.engine.scheduler.Sequence;
import io.millrace.engine.speculative.DraftProposer;
import io.millrace.engine.speculative.PassTimes;
import io.millrace.engine.speculative.Proposers;
import io.millrace.engine.speculative.Speculator;
import io.millrace.engine.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The engine that runs a model in this process, many sequences at once.
 *
 * <p>The main loop is {@link #step}: schedule, draft, run, update. What a request's answer is
 * depends on the request alone: not on what else runs, on how its prompt is cut into chunks, on
 * what of it was cached, on preemption, or on whether an earlier attempt drew its first tokens. The
 * model's end token counts as a token of output and has no text. A deadline is looked at before
 * each step, and so passed by a step at most.
 */
public final class LocalEngine implements Engine {
  // What it is made of.
  private final LanguageModel model;
  private final EngineConfig config;
  private final LongSupplier nanoClock;
  private final LongSupplier epochMillis;
  private final BlockPool pool;
  private final RequestIntake intake;
  private final Scheduler scheduler;
  private final Speculator speculator;
  private final ModelRunner runner;

  // What it is doing.
  private final Map<String, Sequence> sequences = new HashMap<>();

  /** Ended between two steps; the next one reports them. */
  private final List<Sequence> ended = new ArrayList<>();

  private long steps;
  private long promptTokens;
  private long outputTokens;
  private long busyNanos;
  private boolean closed;

  /** With deadlines by the system's clock, and without a draft model. */
  public LocalEngine(
      LanguageModel model, Tokenizer tokenizer, EngineConfig config, LongSupplier nanoClock) {
    this(model, tokenizer, config, nanoClock, System::currentTimeMillis);
  }

  /**
   * An engine without a draft model.
   *
   * @throws IllegalArgumentException as the other constructor, or if the configuration wants a
   *     draft model
   */
  public LocalEngine(
      LanguageModel model,
      Tokenizer tokenizer,
      EngineConfig config,
      LongSupplier nanoClock,
      LongSupplier epochMillis) {
    this(
        model,
        tokenizer,
        config,
        nanoClock,
        epochMillis,
        Proposers.withoutModel(config.speculation()));
  }

  /**
   * @param model closed with the engine
   * @param nanoClock the time in nanoseconds, from any origin: {@code System::nanoTime}
   * @param epochMillis the time that deadlines are compared with, milliseconds since 1970 UTC
   * @param proposer drafts tokens where the configuration says so; closed with the engine
   * @throws IllegalArgumentException if the model's KV cache is not what the configuration says
   */
  public LocalEngine(
      LanguageModel model,
      Tokenizer tokenizer,
      EngineConfig config,
      LongSupplier nanoClock,
      LongSupplier epochMillis,
      DraftProposer proposer) {
    if (model.blockTokens() != config.blockTokens() || model.kvBlocks() < config.kvBlocks()) {
      throw new IllegalArgumentException(
          String.format(
              "the model has %d KV blocks of %d tokens, the configuration says %d of %d",
              model.kvBlocks(), model.blockTokens(), config.kvBlocks(), config.blockTokens()));
    }
    this.model = model;
    this.config = config;
    this.nanoClock = nanoClock;
    this.epochMillis = epochMillis;
    // A model's rows of logits may be padded beyond its tokenizer's vocabulary.
    int vocabSize = Math.min(model.vocabSize(), tokenizer.vocabSize());
    int contextTokensMax = Math.min(config.contextTokensMax(), model.contextLength());
    this.pool = new BlockPool(config.kvBlocks(), config.blockTokens());
    this.scheduler = new Scheduler(config, pool);
    this.intake = new RequestIntake(tokenizer, vocabSize, contextTokensMax, pool, scheduler);
    this.speculator =
        new Speculator(
            proposer,
            Proposers.draftLength(config.speculation(), proposer),
            config.speculation().draftTokensMax(),
            vocabSize,
            pool,
            nanoClock);
    this.runner = new ModelRunner(model, new Sampler(vocabSize));
  }

  @Override
  public void submit(GenerationRequest request) throws RequestRejectedException {
    requireOpen();
    if (sequences.containsKey(request.id())) {
      throw new RequestRejectedException("a request with this id is in progress", true);
    }
    Sequence sequence = intake.accept(request);
    if (scheduler.waitingCount() + ended.size() >= config.waitingMax()) {
      throw new RequestRejectedException(
          "the engine's queue of " + config.waitingMax() + " requests is full", true);
    }
    sequences.put(request.id(), sequence);
    if (sequence.isFinished()) {
      ended.add(sequence);
    } else {
      scheduler.add(sequence);
    }
  }

  @Override
  public List<GenerationUpdate> step() {
    requireOpen();
    long start = nanoClock.getAsLong();
    ended.addAll(scheduler.expire(epochMillis.getAsLong()));
    ScheduledBatch batch = speculator.extend(scheduler.schedule(), config.stepTokensMax());
    if (batch.isEmpty()) {
      return reportEnded(new ArrayList<>());
    }
    List<ChunkOutput> outputs = runner.run(batch);
    speculator.learn(batch, outputs);
    scheduler.update(batch, outputs);
    List<GenerationUpdate> updates = report(batch, outputs, nanoClock.getAsLong() - start);
    return reportEnded(updates);
  }

  @Override
  public boolean cancel(String requestId) {
    Sequence sequence = sequences.get(requestId);
    if (sequence == null) {
      return false;
    }
    if (!sequence.isFinished()) {
      scheduler.cancel(sequence);
      ended.add(sequence);
    }
    return true;
  }

  @Override
  public boolean hasWork() {
    return !sequences.isEmpty();
  }

  @Override
  public EngineStats stats() {
    return new EngineStats(
        scheduler.running().size(),
        scheduler.waitingCount(),
        pool.used(),
        pool.cached(),
        pool.size(),
        steps,
        promptTokens,
        scheduler.prefixQueryTokens(),
        scheduler.prefixHitTokens(),
        outputTokens,
        scheduler.preemptions(),
        busyNanos,
        speculator.counts());
  }

  /** Drops all requests without reporting them, and closes the model. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      List.copyOf(sequences.keySet()).forEach(this::cancel);
      sequences.clear();
      ended.clear();
      try {
        speculator.close();
      } finally {
        model.close();
      }
    }
  }

  /** Measures, while idle, how long steps take: for shares of time, and for speculation. */
  void calibrate(Duration max) {
    PassTimes times = PassTimes.measure(model, pool, max.toNanos() / 2, nanoClock);
    scheduler.measured(times::nanos);
    speculator.calibrate(times, max.toNanos() / 2);
  }

  /** For tests of what must hold between steps. */
  Scheduler scheduler() {
    return scheduler;
  }

  /** For tests of what must hold between steps. */
  BlockPool pool() {
    return pool;
  }

  /** One update for each chunk, each with its share of the step's time. */
  private List<GenerationUpdate> report(
      ScheduledBatch batch, List<ChunkOutput> outputs, long nanos) {
    steps++;
    busyNanos += nanos;
    List<Chunk> chunks = batch.chunks();
    long[] shares =
        LargestRemainder.split(nanos, chunks.stream().mapToInt(Chunk::tokens).toArray());
    List<GenerationUpdate> updates = new ArrayList<>(chunks.size());
    for (int i = 0; i < shares.length; i++) {
      Chunk chunk = chunks.get(i);
      boolean failed = outputs.get(i).error() != null;
      GenerationUpdate update =
          update(chunk.sequence(), failed ? 0 : chunk.tokens(), chunk.draft().length, shares[i]);
      speculator.count(chunk, update.acceptedTokens());
      if (!failed) {
        promptTokens +=
            Math.max(0, Math.min(chunk.to(), chunk.sequence().promptLength()) - chunk.from());
      }
      outputTokens += update.tokens().size();
      updates.add(update);
    }
    return withSaved(updates, speculator.plainNanos(batch, outputs));
  }

  /**
   * What drafts spared each request: see {@link GenerationUpdate}.
   *
   * @param plainNanos what a step for these sequences takes without drafts; 0 if there is nothing
   *     to compare
   */
  private static List<GenerationUpdate> withSaved(
      List<GenerationUpdate> updates, double plainNanos) {
    int[] grown = updates.stream().mapToInt(update -> update.tokens().size()).toArray();
    int tokens = Arrays.stream(grown).sum();
    if (plainNanos == 0 || tokens == 0) {
      return updates;
    }
    long[] without =
        LargestRemainder.split(Math.round(plainNanos * tokens / updates.size()), grown);
    List<GenerationUpdate> saved = new ArrayList<>(updates.size());
    for (int i = 0; i < without.length; i++) {
      GenerationUpdate update = updates.get(i);
      saved.add(update.withSavedNanos(without[i] - update.deviceNanos()));
    }
    return saved;
  }

  private List<GenerationUpdate> reportEnded(List<GenerationUpdate> updates) {
    for (Sequence sequence : ended) {
      updates.add(update(sequence, 0, 0, 0));
    }
    ended.clear();
    return updates;
  }

  private GenerationUpdate update(
      Sequence sequence, int computedTokens, int draftedTokens, long nanos) {
    if (sequence.isFinished()) {
      sequences.remove(sequence.id());
      speculator.release(sequence);
    }
    List<TokenOutput> tokens = sequence.takeNewTokens();
    return new GenerationUpdate(
        sequence.id(),
        tokens,
        sequence.takeNewText(),
        sequence.finishReason(),
        sequence.error(),
        sequence.cachedPromptTokens(),
        computedTokens,
        nanos,
        draftedTokens,
        (int) tokens.stream().filter(TokenOutput::drafted).count(),
        0);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
  }
}
