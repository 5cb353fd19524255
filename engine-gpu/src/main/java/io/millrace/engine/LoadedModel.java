package io.millrace.engine;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.LanguageModel;
import io.millrace.engine.model.ModelConfig;
import io.millrace.engine.model.Transformer;
import io.millrace.engine.model.Weights;
import io.millrace.engine.tokenizer.PromptEncoder;
import io.millrace.engine.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;

/**
 * A model with its weights in memory, from which engines are made. Engines share the weights; each
 * has a KV cache and compute threads of its own.
 *
 * <p>Thread-safe. The weights stay until this and every engine made of it are closed.
 */
public final class LoadedModel implements AutoCloseable {
  private final BackendKind kind;
  private final Backend loader;
  private final Weights weights;
  private final Tokenizer tokenizer;
  private final PromptEncoder prompts;
  private final AtomicBoolean warmedUp = new AtomicBoolean();

  private LoadedModel(
      BackendKind kind,
      Backend loader,
      Weights weights,
      Tokenizer tokenizer,
      PromptEncoder prompts) {
    this.kind = kind;
    this.loader = loader;
    this.weights = weights;
    this.tokenizer = tokenizer;
    this.prompts = prompts;
  }

  /**
   * Reads a model file, weights and all.
   *
   * @throws IOException with one line that names the file and what is wrong with it
   * @throws IllegalStateException if this machine does not have the backend
   */
  public static LoadedModel load(Path path, BackendKind kind) throws IOException {
    try (ModelFile file = ModelFile.open(path)) {
      Backend loader = kind.open(1);
      try {
        return new LoadedModel(
            kind, loader, Weights.load(file.source(), loader), file.tokenizer(), file.prompts());
      } catch (IOException | RuntimeException | Error e) {
        loader.close();
        throw e;
      }
    }
  }

  /** A new engine on these weights. Closing it frees its cache and its threads. */
  public Engine engine(EngineConfig config) {
    return engine(config, model -> model);
  }

  /**
   * A new engine whose steps go through a model of the caller's around this one.
   *
   * @param around closes what it is given when it is closed
   */
  public Engine engine(EngineConfig config, UnaryOperator<LanguageModel> around) {
    Backend backend = kind.open(config.threads());
    try {
      return new LocalEngine(
          around.apply(
              new OwningModel(
                  new Transformer(
                      weights,
                      backend,
                      config.kvBlocks(),
                      config.blockTokens(),
                      config.contextTokensMax()),
                  backend)),
          tokenizer,
          config,
          System::nanoTime);
    } catch (RuntimeException | Error e) {
      backend.close();
      throw e;
    }
  }

  /**
   * A new engine, its kernels warmed up if that was not done before: a task that restarts in the
   * same process does not wait again.
   *
   * @param max about how long the warm-up may take
   */
  public Engine warmEngine(EngineConfig config, Duration max) {
    Engine engine = engine(config);
    try {
      if (warmedUp.compareAndSet(false, true)) {
        new WarmUp(config, System::nanoTime, max).run(engine);
      }
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

  /** Short name of what computes. */
  public String backendName() {
    return loader.name();
  }

  @Override
  public void close() {
    weights.close();
    loader.close();
  }

  /** A transformer together with the backend that runs it alone. */
  private record OwningModel(Transformer transformer, Backend backend) implements LanguageModel {
    @Override
    public int vocabSize() {
      return transformer.vocabSize();
    }

    @Override
    public int contextLength() {
      return transformer.contextLength();
    }

    @Override
    public int kvBlocks() {
      return transformer.kvBlocks();
    }

    @Override
    public int blockTokens() {
      return transformer.blockTokens();
    }

    @Override
    public float[] forward(ForwardBatch batch) {
      return transformer.forward(batch);
    }

    @Override
    public void close() {
      transformer.close();
      backend.close();
    }
  }
}
