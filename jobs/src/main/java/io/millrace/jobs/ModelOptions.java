package io.millrace.jobs;

import static io.millrace.jobs.MillraceOptions.between;

import io.millrace.engine.EngineConfig;
import io.millrace.engine.Speculation;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.backend.KvType;
import io.millrace.jobs.cost.PriceTier;
import java.util.List;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ConfigOptions.OptionBuilder;
import org.apache.flink.configuration.Configuration;

/** The options of one model, {@code millrace.model.NAME.*}. */
public final class ModelOptions {

  private static final int SEQUENCES_MAX = 65_536;

  private final String model;

  public final ConfigOption<String> path;
  public final ConfigOption<String> draft;
  public final ConfigOption<Speculation.Method> speculation;
  public final ConfigOption<Integer> draftTokensMax;
  public final ConfigOption<BackendKind> backend;
  public final ConfigOption<Integer> device;
  public final ConfigOption<Integer> parallelism;
  public final ConfigOption<Integer> threads;
  public final ConfigOption<Integer> sequencesMax;
  public final ConfigOption<Integer> stepTokensMax;
  public final ConfigOption<Integer> kvTokens;
  public final ConfigOption<Integer> kvBlockTokens;
  public final ConfigOption<KvType> kvType;
  public final ConfigOption<Boolean> deterministic;
  public final ConfigOption<Boolean> prefixCache;
  public final ConfigOption<Integer> overtakesMax;
  public final ConfigOption<Integer> contextTokensMax;
  public final ConfigOption<Integer> outputTokensMax;
  public final ConfigOption<Double> temperature;
  public final ConfigOption<String> price;
  public final ConfigOption<PriceTier> tier;
  public final ConfigOption<String> deviceHourUsd;
  public final ConfigOption<String> kwhUsd;
  public final ConfigOption<String> watts;
  public final ConfigOption<String> ceilingUsdPerToken;

  /** The options of the model of this name. */
  public ModelOptions(String model) {
    this.model = model;
    path =
        option("path")
            .stringType()
            .noDefaultValue()
            .withDescription("GGUF file, on every machine that runs the model or admits for it.");
    draft =
        option("draft")
            .stringType()
            .noDefaultValue()
            .withDescription("GGUF file of a smaller model that drafts tokens for this one.");
    speculation =
        option("speculation")
            .enumType(Speculation.Method.class)
            .noDefaultValue()
            .withDescription(
                "What drafts tokens: off, ngram (earlier tokens), draft_model, or"
                    + " ngram_then_draft_model. It changes how fast answers come, never what they"
                    + " are. Unless set: draft_model where there is a draft, else off.");
    draftTokensMax =
        option("draft-tokens-max")
            .intType()
            .defaultValue(12)
            .withDescription(
                "Most tokens of a draft. How many are drafted follows their acceptance and the"
                    + " load, down to none.");
    backend =
        option("backend")
            .enumType(BackendKind.class)
            .defaultValue(BackendKind.AUTO)
            .withDescription(
                "What computes: auto (a GPU where there is one, else the CPU; the log says which"
                    + " and why), cuda (an NVIDIA GPU; fails without), cpu (vector unit), or scalar"
                    + " (the slow reference).");
    device =
        option("device")
            .intType()
            .defaultValue(0)
            .withDescription(
                "Which GPU, from 0, of those that CUDA_VISIBLE_DEVICES leaves the process. Unless"
                    + " set: the one that Flink gives the TaskManager (flink-conf/gpu.yaml), else"
                    + " the first.");
    parallelism =
        option("parallelism")
            .intType()
            .defaultValue(1)
            .withDescription("Engines: subtasks of the model's generate vertex.");
    threads =
        option("threads")
            .intType()
            .defaultValue(0)
            .withDescription("Threads that compute, per engine; 0 takes the machine's cores.");
    sequencesMax =
        option("sequences-max")
            .intType()
            .defaultValue(32)
            .withDescription("Sequences in an engine's batch at once.");
    stepTokensMax =
        option("step-tokens-max")
            .intType()
            .defaultValue(512)
            .withDescription("Tokens of one engine step, prompt chunks and decodes together.");
    kvTokens =
        option("kv-tokens")
            .intType()
            .defaultValue(16_384)
            .withDescription("Tokens that an engine's KV cache holds.");
    kvBlockTokens =
        option("kv-block-tokens")
            .intType()
            .defaultValue(16)
            .withDescription("Tokens of one KV block.");
    kvType =
        option("kv-type")
            .enumType(KvType.class)
            .defaultValue(KvType.F32)
            .withDescription(
                "What the KV cache keeps of keys and values: f32; f16, on a GPU half of the memory;"
                    + " or int8, a bit over a quarter for a small loss (docs/BENCHMARKS.md). It"
                    + " changes answers a little; those cached under another are not reused.");
    deterministic =
        option("deterministic")
            .booleanType()
            .defaultValue(true)
            .withDescription(
                "Whether an answer is the same in any company, and after a restart, to the token."
                    + " Without, a GPU computes prompts' attention faster, with keys and values"
                    + " rounded; the CPU is always deterministic.");
    prefixCache =
        option("prefix-cache")
            .booleanType()
            .defaultValue(true)
            .withDescription(
                "Whether prompts that begin alike share the KV blocks of their beginning.");
    overtakesMax =
        option("overtakes-max")
            .intType()
            .defaultValue(EngineConfig.OVERTAKES_MAX)
            .withDescription(
                "How often others may join the batch before the prompt that has waited longest,"
                    + " until it is its turn whatever its priority and tenant; 0 is strict order of"
                    + " arrival.");
    contextTokensMax =
        option("context-tokens-max")
            .intType()
            .defaultValue(0)
            .withDescription("Prompt and answer together, tokens; 0 takes the model's own limit.");
    outputTokensMax =
        option("output-tokens-max")
            .intType()
            .defaultValue(512)
            .withDescription("Tokens of an answer whose prompt names no limit.");
    temperature =
        option("temperature")
            .doubleType()
            .defaultValue(0.0)
            .withDescription(
                "Of prompts that name none. 0, greedy, suits extraction and lets equal prompts"
                    + " share an answer; OpenAI's own default is 1.");
    price =
        option("price")
            .stringType()
            .defaultValue("device")
            .withDescription(
                "By what its work is billed: device (the hour, device-hour-usd), electricity (what"
                    + " the device draws, kwh-usd), or catalogue:NAME (tokens, at that model's"
                    + " price; see millrace.price.catalogue).");
    tier =
        option("tier")
            .enumType(PriceTier.class)
            .defaultValue(PriceTier.STANDARD)
            .withDescription(
                "Whose price a token costs, with a price of catalogue:NAME: standard, batch, flex"
                    + " or priority. What a prompt says itself (service_tier) changes nothing"
                    + " yet.");
    deviceHourUsd =
        option("device-hour-usd")
            .stringType()
            .defaultValue("0.10")
            .withDescription("Price of one hour of the engine's device, USD.");
    kwhUsd =
        option("kwh-usd")
            .stringType()
            .defaultValue("0.30")
            .withDescription("Price of a kilowatt hour, USD.");
    watts =
        option("watts")
            .stringType()
            .defaultValue("0")
            .withDescription(
                "Power that the device draws, W, where it cannot be measured (on Linux: a GPU that"
                    + " counts its energy, readable RAPL counters of processors); 0 makes the"
                    + " measurement a must.");
    ceilingUsdPerToken =
        option("ceiling-usd-per-token")
            .stringType()
            .noDefaultValue()
            .withDescription(
                "The most that a token of its prompts and answers can cost, USD, where it is billed"
                    + " by time (price: device or electricity). Budgets reserve so much"
                    + " (docs/COST.md), and need it.");
  }

  /** All of this model's options. */
  public List<ConfigOption<?>> all() {
    return List.of(
        path,
        draft,
        speculation,
        draftTokensMax,
        backend,
        device,
        parallelism,
        threads,
        sequencesMax,
        stepTokensMax,
        kvTokens,
        kvBlockTokens,
        kvType,
        deterministic,
        prefixCache,
        overtakesMax,
        contextTokensMax,
        outputTokensMax,
        temperature,
        price,
        tier,
        deviceHourUsd,
        kwhUsd,
        watts,
        ceilingUsdPerToken);
  }

  /**
   * Checks ranges, so that a wrong number is an error at the start and not a task that never gets
   * on.
   *
   * @throws IllegalArgumentException naming the option
   */
  void validate(Configuration configuration) {
    between(configuration, parallelism, 1, configuration.get(MillraceOptions.MAX_PARALLELISM));
    between(configuration, threads, 0, 1024);
    between(configuration, device, 0, 63);
    between(configuration, draftTokensMax, 1, Speculation.DRAFT_TOKENS_MAX);
    if (method(configuration).needsModel() && !configuration.contains(draft)) {
      throw new IllegalArgumentException(
          speculation.key() + " needs a draft model, and " + draft.key() + " is not set");
    }
    between(configuration, sequencesMax, 1, SEQUENCES_MAX);
    between(configuration, stepTokensMax, configuration.get(sequencesMax), Integer.MAX_VALUE);
    between(configuration, kvBlockTokens, 1, 4096);
    between(configuration, kvTokens, configuration.get(kvBlockTokens), Integer.MAX_VALUE);
    between(configuration, overtakesMax, 0, Integer.MAX_VALUE);
    between(configuration, contextTokensMax, 0, Integer.MAX_VALUE);
    between(configuration, outputTokensMax, 1, Integer.MAX_VALUE);
    double degrees = configuration.get(temperature);
    if (!(degrees >= 0 && degrees <= 100)) {
      throw new IllegalArgumentException(
          temperature.key() + " is " + degrees + ", must be 0 to 100");
    }
  }

  /** How the model's engine speculates. */
  Speculation speculation(Configuration configuration) {
    Speculation.Method method = method(configuration);
    return method == Speculation.Method.OFF
        ? Speculation.OFF
        : Speculation.adaptive(method, configuration.get(draftTokensMax));
  }

  private Speculation.Method method(Configuration configuration) {
    return configuration
        .getOptional(speculation)
        .orElse(
            configuration.contains(draft)
                ? Speculation.Method.DRAFT_MODEL
                : Speculation.Method.OFF);
  }

  private OptionBuilder option(String name) {
    return ConfigOptions.key(MillraceOptions.PREFIX + "model." + model + "." + name);
  }
}
