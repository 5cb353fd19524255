package io.millrace.jobs;

import io.millrace.engine.ChatRequest;
import io.millrace.engine.remote.AnthropicProtocol;
import io.millrace.engine.remote.ApiKey;
import io.millrace.engine.remote.AttemptLog;
import io.millrace.engine.remote.OpenAiProtocol;
import io.millrace.engine.remote.RemoteEngine;
import io.millrace.engine.remote.RemoteLimits;
import io.millrace.engine.remote.RemoteProtocol;
import io.millrace.engine.remote.RemoteTarget;
import io.millrace.engine.tokenizer.Conversation;
import io.millrace.jobs.RemoteModelOptions.Protocol;
import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.admit.RejectedPromptException;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import io.millrace.jobs.kafka.KafkaAttemptLog;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Models that others serve. */
final class RemoteModels implements Models {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(RemoteModels.class);

  /** Nothing is asked of the server: it may be away, and the key may be elsewhere. */
  @Override
  public ModelProfile profile(Configuration options, String model) {
    ModelOptions of = new ModelOptions(model);
    int contextTokensMax = options.get(of.contextTokensMax);
    return new RemoteProfile(
        target(options, model, ApiKey.NONE),
        digest(options, model),
        contextTokensMax > 0 ? contextTokensMax : Integer.MAX_VALUE,
        options.get(of.outputTokensMax),
        options.get(of.temperature).floatValue());
  }

  @Override
  public OpenedModel open(Configuration options, String model) throws IOException {
    List<RemoteTarget> targets = new ArrayList<>();
    for (String name : new RemoteModelOptions(model).chain(options)) {
      targets.add(target(options, name, key(options, name)));
    }
    AttemptLog attempts = KafkaAttemptLog.open(options);
    RemoteEngine engine =
        new RemoteEngine(
            targets,
            attempts,
            GenerateSpecs.engineRequestsMax(options, new ModelOptions(model)),
            System::nanoTime,
            System::currentTimeMillis,
            new SplittableRandom());
    return new OpenedModel(
        engine, null, targets.get(0).protocol().name(), () -> digest(options, model), () -> {});
  }

  private static RemoteTarget target(Configuration options, String model, ApiKey key) {
    RemoteModelOptions of = new RemoteModelOptions(model);
    return new RemoteTarget(
        model,
        protocol(options, of),
        url(options, of),
        options.get(of.remoteModel),
        Set.copyOf(options.get(of.unsent)),
        key,
        new RemoteLimits(
            options.get(new ModelOptions(model).sequencesMax),
            options.get(of.retriesMax),
            options.get(of.connectTimeout),
            options.get(of.silenceTimeout),
            options.get(of.totalTimeout),
            options.get(of.retryAfterMax)));
  }

  private static RemoteProtocol protocol(Configuration options, RemoteModelOptions of) {
    return options.get(of.protocol) == Protocol.ANTHROPIC
        ? new AnthropicProtocol()
        : new OpenAiProtocol(options.get(of.maxTokensField));
  }

  private static URI url(Configuration options, RemoteModelOptions of) {
    boolean anthropic = options.get(of.protocol) == Protocol.ANTHROPIC;
    return URI.create(
        options
            .getOptional(of.url)
            .orElse(anthropic ? "https://api.anthropic.com/v1" : "https://api.openai.com/v1"));
  }

  private static ApiKey key(Configuration options, String model) throws IOException {
    RemoteModelOptions of = new RemoteModelOptions(model);
    Map<String, String> environment = System.getenv();
    try {
      if (options.contains(of.apiKeyFile)) {
        return ApiKey.fromFile(Path.of(options.get(of.apiKeyFile)));
      }
      if (options.contains(of.apiKeyEnv)) {
        return ApiKey.fromEnvironment(environment, options.get(of.apiKeyEnv));
      }
      if (options.contains(of.url)) {
        return ApiKey.NONE;
      }
      boolean anthropic = options.get(of.protocol) == Protocol.ANTHROPIC;
      return ApiKey.fromEnvironment(
          environment, anthropic ? "ANTHROPIC_API_KEY" : "OPENAI_API_KEY");
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("model " + model + ": " + e.getMessage(), e);
    } finally {
      warnOfClearText(options, of);
    }
  }

  private static void warnOfClearText(Configuration options, RemoteModelOptions of) {
    boolean key = options.contains(of.apiKeyEnv) || options.contains(of.apiKeyFile);
    String url = options.getOptional(of.url).orElse("https:");
    if (key && url.startsWith("http:")) {
      ConfigOption<String> option = of.url;
      LOG.warn("{} is not encrypted: the key can be read on the way", option.key());
    }
  }

  /** What determines the answers besides the request: where it goes, and what is left out of it. */
  private static String digest(Configuration options, String model) {
    RemoteModelOptions of = new RemoteModelOptions(model);
    return String.join(
        " ",
        protocol(options, of).name(),
        url(options, of).toString(),
        options.get(of.remoteModel),
        new TreeSet<>(options.get(of.unsent)).toString());
  }

  private record RemoteProfile(
      RemoteTarget target,
      String digest,
      int contextTokensMax,
      int outputTokensMax,
      float temperature)
      implements ModelProfile {

    @Override
    public String name() {
      return target.model();
    }

    /** Only the server could count them. */
    @Override
    public int[] encode(Conversation conversation) {
      return new int[0];
    }

    @Override
    public boolean remote() {
      return true;
    }

    @Override
    public void requireAskable(ChatRequest chat) throws RejectedPromptException {
      try {
        target.body(chat, 0);
      } catch (IllegalArgumentException e) {
        throw RejectedPromptException.terminal("invalid_request", e.getMessage());
      }
    }
  }
}
