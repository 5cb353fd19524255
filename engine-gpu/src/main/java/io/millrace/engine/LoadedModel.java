package io.millrace.engine;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.backend.DeviceMeters;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.ForwardingModel;
import io.millrace.engine.model.LanguageModel;
import io.millrace.engine.model.ModelConfig;
import io.millrace.engine.model.Transformer;
import io.millrace.engine.model.Weights;
import io.millrace.engine.sampling.RowDraws;
import io.millrace.engine.speculative.DraftModelProposer;
import io.millrace.engine.speculative.Proposers;
import io.millrace.engine.tokenizer.PromptEncoder;
import io.millrace.engine.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;

/**
 * A model with its weights in memory, from which engines are made. Engines share the weights; each
 * has a KV cache and compute threads of its own.
 *
 * <p>Thread-safe. The weights stay until this and every engine made of it are closed.
 */
public final class LoadedModel implements AutoCloseable {
  private final Path path;
  private final BackendKind kind;
  private final int device;
  private final Backend loader;
  private final Weights weights;
  private final Tokenizer tokenizer;
  private final PromptEncoder prompts;
  private final AtomicBoolean warmedUp = new AtomicBoolean();
  private String digest;

  private LoadedModel(
      Path path,
      BackendKind kind,
      int device,
      Backend loader,
      Weights weights,
      Tokenizer tokenizer,
      PromptEncoder prompts) {
    this.path = path;
    this.kind = kind;
    this.device = device;
    this.loader = loader;
    this.weights = weights;
    this.tokenizer = tokenizer;
    this.prompts = prompts;
  }

  /** Reads a model file, weights and all, onto the first GPU if onto one. */
  public static LoadedModel load(Path path, BackendKind kind) throws IOException {
    return load(path, kind, 0);
  }

  /**
   * Reads a model file, weights and all.
   *
   * @param device which of the GPUs, from 0
   * @throws IOException with one line that names the file and what is wrong with it
   * @throws IllegalStateException if this machine does not have the backend
   */
  public static LoadedModel load(Path path, BackendKind asked, int device) throws IOException {
    try (ModelFile file = ModelFile.open(path)) {
      BackendKind kind = asked.resolve(device); // once: engines are to find the weights there
      Backend loader = kind.open(1, device);
      try {
        return new LoadedModel(
            path,
            kind,
            device,
            loader,
            Weights.load(file.source(), loader),
            file.tokenizer(),
            file.prompts());
      } catch (IOException | RuntimeException | Error e) {
        loader.close();
        throw e;
      }
    }
  }

  /**
   * A new engine on these weights, without a draft model. Closing it frees its cache and its
   * threads.
   *
   * @throws IllegalArgumentException if the configuration wants a draft model
   */
  public LocalEngine engine(EngineConfig config) {
    return engine(config, null, model -> model);
  }

  /**
   * A new engine without a draft model whose steps go through a model of the caller's around this
   * one.
   *
   * @param around closes what it is given when it is closed
   */
  public LocalEngine engine(EngineConfig config, UnaryOperator<LanguageModel> around) {
    return engine(config, null, around);
  }

  /**
   * A new engine on these weights. Closing it frees its cache and its threads.
   *
   * @param draft proposes tokens if the configuration wants a draft model, else it is not used and
   *     may be null; its weights stay until this engine is closed, too
   * @throws IllegalArgumentException if the configuration wants a draft model and this is none, or
   *     its vocabulary is another
   */
  public LocalEngine engine(EngineConfig config, LoadedModel draft) {
    return engine(config, draft, model -> model);
  }

  private LocalEngine engine(
      EngineConfig config, LoadedModel draft, UnaryOperator<LanguageModel> around) {
    boolean drafts = config.speculation().method().needsModel();
    if (drafts && draft == null) {
      throw new IllegalArgumentException("speculation by a draft model needs a draft model");
    }
    if (drafts) {
      SameVocabulary.require(tokenizer, draft.tokenizer);
      if (draft.kind != kind || draft.device != device) {
        throw new IllegalArgumentException("the draft model was loaded for another backend");
      }
    }
    Backend backend = kind.open(config.threads(), device, config.deterministic());
    LanguageModel target = null;
    try {
      target = around.apply(new OwningModel(transformer(config, backend), backend));
      if (!drafts) {
        return new LocalEngine(target, tokenizer, config, System::nanoTime);
      }
      // On the same backend: their passes take turns.
      DraftModelProposer proposer =
          new DraftModelProposer(
              draft.transformer(config, backend),
              tokenizer,
              Math.min(target.vocabSize(), tokenizer.vocabSize()),
              config.stepTokensMax(),
              System::nanoTime);
      return new LocalEngine(
          target,
          tokenizer,
          config,
          System::nanoTime,
          System::currentTimeMillis,
          Proposers.with(config.speculation(), proposer));
    } catch (RuntimeException | Error e) {
      if (target != null) {
        target.close();
      } else {
        backend.close();
      }
      throw e;
    }
  }

  private Transformer transformer(EngineConfig config, Backend backend) {
    return new Transformer(
        weights,
        backend,
        config.kvBlocks(),
        config.blockTokens(),
        config.contextTokensMax(),
        config.kvType());
  }

  /** A new warm engine without a draft model. */
  public Engine warmEngine(EngineConfig config, Duration max) {
    return warmEngine(config, null, max);
  }

  /**
   * A new engine, its kernels warmed up if that was not done before: a task that restarts in the
   * same process does not wait again. Then it measures how long its steps take.
   *
   * @param draft as {@link #engine(EngineConfig, LoadedModel)} takes it
   * @param max about how long warm-up may take; calibration takes half of that at most
   */
  public Engine warmEngine(EngineConfig config, LoadedModel draft, Duration max) {
    LocalEngine engine = engine(config, draft);
    try {
      if (warmedUp.compareAndSet(false, true)) {
        new WarmUp(config, System::nanoTime, max).run(engine);
      }
      engine.calibrate(max.dividedBy(2));
      return engine;
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  public ModelConfig config() {
    return weights.config();
  }

  public Tokenizer tokenizer() {
    return tokenizer;
  }

  public PromptEncoder prompts() {
    return prompts;
  }

  /**
   * SHA-256 of the whole file, as {@link ModelFile#digest} has it. Read once, when first asked for:
   * it takes about as long as loading the weights.
   */
  public synchronized String digest() throws IOException {
    if (digest == null) {
      try (ModelFile file = ModelFile.open(path)) {
        digest = file.digest();
      }
    }
    return digest;
  }

  /** Short name of what computes. */
  public String backendName() {
    return loader.name();
  }

  /** What the device tells of itself; empty where it has no meters of its own. */
  public Optional<DeviceMeters> meters() {
    return loader.meters();
  }

  @Override
  public void close() {
    weights.close();
    loader.close();
  }

  /** A transformer together with the backend that runs it alone. */
  private static final class OwningModel extends ForwardingModel {
    private final LanguageModel model;
    private final Backend backend;

    OwningModel(LanguageModel model, Backend backend) {
      super(model);
      this.model = model;
      this.backend = backend;
    }

    @Override
    public boolean draws() {
      return model.draws();
    }

    @Override
    public int[] draw(ForwardBatch batch, RowDraws draws) {
      return model.draw(batch, draws);
    }

    @Override
    public void close() {
      super.close();
      backend.close();
    }
  }
}
