package io.millrace.jobs;

import static io.millrace.jobs.MillraceOptions.between;

import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ConfigOptions.OptionBuilder;
import org.apache.flink.configuration.Configuration;

/**
 * The options of one model that others serve, {@code millrace.model.NAME.*}, beside those of {@link
 * ModelOptions}: of these, {@code sequences-max} is how many calls an engine makes at once.
 */
public final class RemoteModelOptions {

  /** How a model is spoken to. */
  public enum Protocol {
    /** Not at all: it runs here. */
    LOCAL,
    /** Chat completions: OpenAI, vLLM, llama.cpp's server and many others. */
    OPENAI,
    /** Anthropic's messages. */
    ANTHROPIC
  }

  /** Models that may follow each other as fallbacks. */
  private static final int FALLBACKS_MAX = 4;

  private static final Duration TIME_MAX = Duration.ofDays(1);

  private final String model;

  public final ConfigOption<Protocol> protocol;
  public final ConfigOption<String> url;
  public final ConfigOption<String> remoteModel;
  public final ConfigOption<String> apiKeyEnv;
  public final ConfigOption<String> apiKeyFile;
  public final ConfigOption<List<String>> unsent;
  public final ConfigOption<String> maxTokensField;
  public final ConfigOption<Integer> retriesMax;
  public final ConfigOption<Duration> connectTimeout;
  public final ConfigOption<Duration> silenceTimeout;
  public final ConfigOption<Duration> totalTimeout;
  public final ConfigOption<Duration> retryAfterMax;
  public final ConfigOption<String> fallback;

  /** The options of the model of this name. */
  public RemoteModelOptions(String model) {
    this.model = model;
    protocol =
        option("protocol")
            .enumType(Protocol.class)
            .defaultValue(Protocol.LOCAL)
            .withDescription(
                "local (it runs here), openai (chat completions, of any server that has them), or"
                    + " anthropic (messages).");
    url =
        option("url")
            .stringType()
            .noDefaultValue()
            .withDescription(
                "Base of a remote model's API, up to what comes before chat/completions or"
                    + " messages. Unless set: the provider's own.");
    remoteModel =
        option("remote-model")
            .stringType()
            .noDefaultValue()
            .withDescription("A remote model's name at its server, such as gpt-4o.");
    apiKeyEnv =
        option("api-key-env")
            .stringType()
            .noDefaultValue()
            .withDescription(
                "Variable of the TaskManager's environment with the key. Unless set: OPENAI_API_KEY"
                    + " or ANTHROPIC_API_KEY, if url is the provider's own; no key is sent to"
                    + " another server that was not asked for.");
    apiKeyFile =
        option("api-key-file")
            .stringType()
            .noDefaultValue()
            .withDescription("File with the key, on every machine that runs the model.");
    unsent =
        option("unsent")
            .stringType()
            .asList()
            .defaultValues()
            .withDescription(
                "Fields of requests that are not sent, for models that refuse them: temperature,"
                    + " for one, where only the server's default is allowed.");
    maxTokensField =
        option("max-tokens-field")
            .stringType()
            .defaultValue("max_completion_tokens")
            .withDescription(
                "What the limit of an answer's tokens is called: max_completion_tokens, or"
                    + " max_tokens for servers that know only the older name. Of openai.");
    retriesMax =
        option("retries-max")
            .intType()
            .defaultValue(4)
            .withDescription("Calls for one request after the first, where another may succeed.");
    connectTimeout =
        option("connect-timeout")
            .durationType()
            .defaultValue(Duration.ofSeconds(10))
            .withDescription("Longest wait for a connection.");
    silenceTimeout =
        option("silence-timeout")
            .durationType()
            .defaultValue(Duration.ofSeconds(60))
            .withDescription("Longest wait for an answer's first byte, and between two of them.");
    totalTimeout =
        option("total-timeout")
            .durationType()
            .defaultValue(Duration.ofMinutes(10))
            .withDescription("Longest wait for the whole of an answer.");
    retryAfterMax =
        option("retry-after-max")
            .durationType()
            .defaultValue(Duration.ofMinutes(2))
            .withDescription(
                "Longest wait before a retry that the server may ask for; if it asks for longer,"
                    + " the request goes to the fallback, or fails.");
    fallback =
        option("fallback")
            .stringType()
            .noDefaultValue()
            .withDescription(
                "A remote model that answers where this one cannot be had: its server is away,"
                    + " overloaded beyond the retries, or accepts no key. Not where it refuses the"
                    + " request.");
  }

  /** All of this model's options. */
  public List<ConfigOption<?>> all() {
    return List.of(
        protocol,
        url,
        remoteModel,
        apiKeyEnv,
        apiKeyFile,
        unsent,
        maxTokensField,
        retriesMax,
        connectTimeout,
        silenceTimeout,
        totalTimeout,
        retryAfterMax,
        fallback);
  }

  /** Whether others serve the model. */
  public boolean remote(Configuration configuration) {
    return configuration.get(protocol) != Protocol.LOCAL;
  }

  /** Whether others serve one of the models. */
  public static boolean anyRemote(Configuration configuration) {
    return configuration.get(MillraceOptions.MODELS).stream()
        .anyMatch(model -> new RemoteModelOptions(model).remote(configuration));
  }

  /** The model and those that it falls back on, in order. */
  Set<String> chain(Configuration configuration) {
    Set<String> chain = new LinkedHashSet<>();
    for (String next = model; next != null; ) {
      RemoteModelOptions of = new RemoteModelOptions(next);
      if (!chain.add(next) || chain.size() > FALLBACKS_MAX) {
        throw new IllegalArgumentException(
            fallback.key() + " leads in a circle, or over more than " + FALLBACKS_MAX + " models");
      }
      next = configuration.getOptional(of.fallback).orElse(null);
    }
    return chain;
  }

  /**
   * @throws IllegalArgumentException naming the option that is wrong
   */
  void validate(Configuration configuration) {
    if (!remote(configuration)) {
      all().stream()
          .filter(option -> !option.equals(protocol) && configuration.contains(option))
          .forEach(
              option -> {
                throw new IllegalArgumentException(
                    option.key() + " is of remote models; " + protocol.key() + " says local");
              });
      return;
    }
    ConfigOption<String> path = new ModelOptions(model).path;
    if (configuration.contains(path)) {
      throw new IllegalArgumentException(
          path.key() + " is of models that run here; " + protocol.key() + " says otherwise");
    }
    if (!configuration.contains(remoteModel)) {
      throw new IllegalArgumentException(remoteModel.key() + " is not set");
    }
    if (configuration.contains(apiKeyEnv) && configuration.contains(apiKeyFile)) {
      throw new IllegalArgumentException(
          apiKeyEnv.key() + " and " + apiKeyFile.key() + " are both set");
    }
    requireUrl(configuration);
    String field = configuration.get(maxTokensField);
    if (!field.equals("max_completion_tokens") && !field.equals("max_tokens")) {
      throw new IllegalArgumentException(
          maxTokensField.key() + " must be max_completion_tokens or max_tokens");
    }
    between(configuration, retriesMax, 0, 100);
    for (ConfigOption<Duration> time :
        List.of(connectTimeout, silenceTimeout, totalTimeout, retryAfterMax)) {
      Duration value = configuration.get(time);
      if (value.toMillis() < 1 || value.compareTo(TIME_MAX) > 0) {
        throw new IllegalArgumentException(
            time.key() + " is " + value + ", must be 1 ms to " + TIME_MAX);
      }
    }
    List<String> models = configuration.get(MillraceOptions.MODELS);
    for (String other : chain(configuration)) {
      if (!models.contains(other) || !new RemoteModelOptions(other).remote(configuration)) {
        throw new IllegalArgumentException(
            fallback.key() + " must name a remote model among " + MillraceOptions.MODELS.key());
      }
    }
  }

  /** Options are printed, and stand in the arguments of processes: no login is in them. */
  private void requireUrl(Configuration configuration) {
    if (!configuration.contains(url)) {
      return;
    }
    boolean good;
    try {
      URI uri = URI.create(configuration.get(url));
      good =
          ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
              && uri.getHost() != null
              && uri.getRawUserInfo() == null
              && uri.getRawQuery() == null
              && uri.getRawFragment() == null;
    } catch (IllegalArgumentException e) {
      good = false;
    }
    if (!good) {
      throw new IllegalArgumentException(
          url.key() + " must be http(s)://HOST/PATH, without a login and without a query");
    }
  }

  private OptionBuilder option(String name) {
    return ConfigOptions.key(MillraceOptions.PREFIX + "model." + model + "." + name);
  }
}
