package io.millrace.jobs;

import io.millrace.engine.EngineConfig;
import io.millrace.engine.ModelFile;
import io.millrace.engine.ModelStore;
import io.millrace.engine.Speculation;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.tokenizer.ChatTemplateException;
import io.millrace.engine.tokenizer.Conversation;
import io.millrace.engine.tokenizer.PromptEncoder;
import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.admit.RejectedPromptException;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.apache.flink.configuration.Configuration;

/** Models from GGUF files on this machine. */
final class LocalModels implements Models {
  private static final long serialVersionUID = 1L;
  private static final Duration WARM_UP_MAX = Duration.ofSeconds(3);

  @Override
  public ModelProfile profile(Configuration options, String model) throws IOException {
    ModelOptions of = new ModelOptions(model);
    try (ModelFile file = ModelFile.open(path(options, model))) {
      return new LocalProfile(
          model,
          digest(file.digest(), options.get(of.kvType)),
          file.prompts(),
          contextTokensMax(options, of, file.config().contextLength()),
          options.get(of.outputTokensMax),
          options.get(of.temperature).floatValue());
    }
  }

  @Override
  public OpenedModel open(Configuration options, String model) throws IOException {
    ModelOptions of = new ModelOptions(model);
    Speculation speculation = of.speculation(options);
    ModelStore.Lease lease =
        ModelStore.shared()
            .acquire(path(options, model), options.get(of.backend), options.get(of.device));
    ModelStore.Lease draft = null;
    try {
      if (speculation.method().needsModel()) {
        draft =
            ModelStore.shared()
                .acquire(
                    Path.of(options.get(of.draft)),
                    options.get(of.backend),
                    options.get(of.device));
      }
      int blockTokens = options.get(of.kvBlockTokens);
      int threads = options.get(of.threads);
      EngineConfig config =
          EngineConfig.of(
                  options.get(of.sequencesMax),
                  options.get(of.stepTokensMax),
                  GenerateSpecs.engineRequestsMax(options, of),
                  options.get(of.kvTokens) / blockTokens,
                  blockTokens,
                  contextTokensMax(options, of, lease.model().config().contextLength()),
                  threads > 0 ? threads : Runtime.getRuntime().availableProcessors())
              .withPrefixCache(options.get(of.prefixCache))
              .withOvertakesMax(options.get(of.overtakesMax))
              .withSpeculation(speculation)
              .withKvType(options.get(of.kvType))
              .withDeterministic(options.get(of.deterministic));
      return new OpenedModel(
          lease.model().warmEngine(config, draft == null ? null : draft.model(), WARM_UP_MAX),
          lease.model().tokenizer(),
          lease.model().backendName(),
          () -> digest(lease.model().digest(), config.kvType()),
          lease.model().meters(),
          release(lease, draft));
    } catch (IOException | RuntimeException | Error e) {
      release(lease, draft).run();
      throw e;
    }
  }

  /** What determines the answers besides the request: the weights, and what is kept of keys. */
  private static String digest(String weights, KvType kvType) {
    return kvType == KvType.F32
        ? weights
        : weights + "+kv-" + kvType.name().toLowerCase(Locale.ROOT);
  }

  /** Gives back a model and, if there is one, its draft. */
  private static Runnable release(ModelStore.Lease lease, ModelStore.Lease draft) {
    return () -> {
      lease.close();
      if (draft != null) {
        draft.close();
      }
    };
  }

  private static Path path(Configuration options, String model) {
    ModelOptions of = new ModelOptions(model);
    return Path.of(
        options
            .getOptional(of.path)
            .orElseThrow(() -> new IllegalArgumentException(of.path.key() + " is not set")));
  }

  /** What one sequence may fill: never more than the whole blocks of the KV cache. */
  private static int contextTokensMax(Configuration options, ModelOptions of, int modelTokens) {
    int configured = options.get(of.contextTokensMax);
    int context = configured > 0 ? Math.min(configured, modelTokens) : modelTokens;
    int blockTokens = options.get(of.kvBlockTokens);
    return Math.min(context, options.get(of.kvTokens) / blockTokens * blockTokens);
  }

  private record LocalProfile(
      String name,
      String digest,
      PromptEncoder prompts,
      int contextTokensMax,
      int outputTokensMax,
      float temperature)
      implements ModelProfile {

    @Override
    public int[] encode(Conversation conversation) throws RejectedPromptException {
      try {
        return prompts.encode(conversation);
      } catch (ChatTemplateException e) {
        throw RejectedPromptException.terminal("invalid_messages", e.getMessage());
      }
    }
  }
}
