package io.millrace.jobs;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.millrace.jobs.ledger.LedgerOptions;
import io.millrace.schemas.ConfluentRegistry;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;

/**
 * Every option of Millrace: name, default, unit and meaning. They are read here and nowhere else,
 * and every job prints those in force when it starts.
 *
 * <p>Options of one model are named {@code millrace.model.NAME.*}; see {@link ModelOptions}.
 */
public final class MillraceOptions {

  /** All names start so. */
  public static final String PREFIX = "millrace.";

  public static final ConfigOption<String> KAFKA_BOOTSTRAP =
      key("millrace.kafka.bootstrap-servers")
          .stringType()
          .noDefaultValue()
          .withDescription("Brokers, host:port, comma-separated.");

  public static final ConfigOption<String> KAFKA_CONFIG =
      key("millrace.kafka.config")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Path of a file with Kafka's connection settings (TLS, SASL), in Kafka's own form, on"
                  + " every machine of the cluster. Secrets in it are references, or stay in it:"
                  + " docs/OPERATIONS.md.");

  public static final ConfigOption<Boolean> KAFKA_ACCESS_CHECK =
      key("millrace.kafka.access-check")
          .booleanType()
          .defaultValue(true)
          .withDescription(
              "Whether the brokers are asked at submission if the topics are there and the user may"
                  + " use them. Off where jobs are submitted from a machine that has no secrets.");

  public static final ConfigOption<String> TOPIC_PREFIX =
      key("millrace.topics.prefix")
          .stringType()
          .defaultValue("millrace.")
          .withDescription("Goes before every topic's name.");

  public static final ConfigOption<String> GROUP_ID =
      key("millrace.kafka.group-id")
          .stringType()
          .defaultValue("millrace")
          .withDescription(
              "Consumer group under which positions are shown; Flink's are the truth.");

  public static final ConfigOption<String> TRANSACTION_PREFIX =
      key("millrace.kafka.transaction-prefix")
          .stringType()
          .defaultValue("millrace")
          .withDescription(
              "Starts every transactional id. Two jobs on one broker need two of these, or they"
                  + " fence each other.");

  public static final ConfigOption<Duration> TRANSACTION_TIMEOUT =
      key("millrace.kafka.transaction-timeout")
          .durationType()
          .defaultValue(Duration.ofMinutes(15))
          .withDescription(
              "An outage longer than this can lose what was prepared but not committed; readers"
                  + " with read_committed wait at most this long behind a dead job. 15 minutes is"
                  + " what brokers allow by default.");

  public static final ConfigOption<Delivery> DELIVERY =
      key("millrace.kafka.delivery")
          .enumType(Delivery.class)
          .defaultValue(Delivery.EXACTLY_ONCE)
          .withDescription("Of responses, costs and dead letters.");

  public static final ConfigOption<Delivery> TOKENS_DELIVERY =
      key("millrace.kafka.tokens-delivery")
          .enumType(Delivery.class)
          .defaultValue(Delivery.EXACTLY_ONCE)
          .withDescription(
              "Of token events. With at-least-once they are visible at once rather than at the next"
                  + " checkpoint, and can come twice after a failure.");

  public static final ConfigOption<MemorySize> PROMPT_SIZE_MAX =
      key("millrace.prompt.size-max")
          .memoryType()
          .defaultValue(MemorySize.ofMebiBytes(1))
          .withDescription("Largest prompt record. A larger one becomes a dead letter.");

  public static final ConfigOption<MemorySize> OUTPUT_SIZE_MAX =
      key("millrace.output.size-max")
          .memoryType()
          .defaultValue(MemorySize.ofMebiBytes(8))
          .withDescription(
              "Largest record written. A dead letter that would be larger names its source instead"
                  + " of carrying the bytes.");

  public static final ConfigOption<RecordFormat> OUTPUT_FORMAT =
      key("millrace.output.format")
          .enumType(RecordFormat.class)
          .defaultValue(RecordFormat.JSON)
          .withDescription(
              "Of responses, tokens and costs: json, or avro (single-object framing).");

  public static final ConfigOption<TokenEvents> TOKEN_EVENTS =
      key("millrace.tokens")
          .enumType(TokenEvents.class)
          .defaultValue(TokenEvents.OFF)
          .withDescription("Events on the tokens topic: off, one a token, or one an engine step.");

  public static final ConfigOption<String> SCHEMA_REGISTRY =
      key("millrace.schema-registry.url")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Confluent-compatible registry, for prompts framed with a schema id. Without one such"
                  + " prompts become dead letters.");

  public static final ConfigOption<String> DEFAULT_TENANT =
      key("millrace.tenant.default")
          .stringType()
          .defaultValue("default")
          .withDescription("Of prompts that name no tenant in header, body or user field.");

  public static final ConfigOption<Boolean> CACHE_SHARED =
      key("millrace.cache.shared-between-tenants")
          .booleanType()
          .defaultValue(false)
          .withDescription(
              "Whether one tenant's answer may answer another tenant's equal prompt, and prompts of"
                  + " different tenants may share the KV blocks of a common beginning.");

  public static final ConfigOption<Duration> CACHE_TTL =
      key("millrace.cache.ttl")
          .durationType()
          .defaultValue(Duration.ofHours(24))
          .withDescription("How long an answer is reused; a request can ask for less.");

  public static final ConfigOption<MemorySize> CACHE_ANSWER_SIZE_MAX =
      key("millrace.cache.answer-size-max")
          .memoryType()
          .defaultValue(MemorySize.ofMebiBytes(1))
          .withDescription("Longer answers are not kept.");

  public static final ConfigOption<Boolean> CACHE_SAMPLED =
      key("millrace.cache.sampled")
          .booleanType()
          .defaultValue(false)
          .withDescription(
              "Whether equal prompts with a temperature and no seed share one answer; a request can"
                  + " ask for it with \"cache\": {\"use-cache\": true}.");

  public static final ConfigOption<Integer> BACKLOG_PER_SEQUENCE =
      key("millrace.generate.backlog-per-sequence")
          .intType()
          .defaultValue(256)
          .withDescription(
              "Prompts that one generate subtask holds, as a multiple of the engine's sequences;"
                  + " past it the subtask reads no more. Tenants are served fairly among these,"
                  + " whereas Kafka's partitions are first in, first out. At least 8.");

  public static final ConfigOption<MemorySize> BACKLOG_SIZE_MAX =
      key("millrace.generate.backlog-size-max")
          .memoryType()
          .defaultValue(MemorySize.ofMebiBytes(64))
          .withDescription("Bytes of the prompts that one generate subtask holds.");

  public static final ConfigOption<Integer> FAILED_LEADERS_MAX =
      key("millrace.generate.failed-leaders-max")
          .intType()
          .defaultValue(2)
          .withDescription(
              "Equal prompts wait for one answer. If it fails in a way that another try could mend,"
                  + " those that waited try again, so many times; then all become retryable dead"
                  + " letters. 0 to 100.");

  public static final ConfigOption<Integer> CRASHES_MAX =
      key("millrace.generate.crashes-max")
          .intType()
          .defaultValue(2)
          .withDescription(
              "After so many crashes from one checkpoint, requests run one at a time, until the one"
                  + " that was alone at so many crashes becomes a dead letter. 0 never isolates; at"
                  + " most 100.");

  public static final ConfigOption<List<String>> MODELS =
      key("millrace.models")
          .stringType()
          .asList()
          .defaultValues("default")
          .withDescription("Names of the models. The first answers prompts that name none.");

  public static final ConfigOption<String> PRICE_CATALOGUE =
      key("millrace.price.catalogue")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Prices per token, a file in the format of LiteLLM's"
                  + " model_prices_and_context_window.json, on the machine that submits the job."
                  + " Without it: the small catalogue that ships with the program.");

  public static final ConfigOption<String> PRICE_OVERRIDES =
      key("millrace.price.overrides")
          .stringType()
          .noDefaultValue()
          .withDescription("Prices that go before the catalogue's, in the same format.");

  public static final ConfigOption<Duration> ANOMALY_WINDOW =
      key("millrace.anomaly.window")
          .durationType()
          .defaultValue(Duration.ofMinutes(1))
          .withDescription(
              "Event time that the anomaly job judges as one, for each tenant and model. An hour is"
                  + " compared with at 1 min, 5 h at 5 min.");

  public static final ConfigOption<Duration> ANOMALY_OUT_OF_ORDER_MAX =
      key("millrace.anomaly.out-of-order-max")
          .durationType()
          .defaultValue(Duration.ofSeconds(10))
          .withDescription(
              "Rows of costs may be so much older than one before them. Alerts come so much later;"
                  + " rows that are later still are counted and left out.");

  public static final ConfigOption<Double> ANOMALY_COST_MIN_USD =
      key("millrace.anomaly.cost-min-usd")
          .doubleType()
          .defaultValue(0.0001)
          .withDescription("Windows in which a tenant spends less are never a cost spike. USD.");

  public static final ConfigOption<Integer> MAX_PARALLELISM =
      key("millrace.max-parallelism")
          .intType()
          .defaultValue(720)
          .withDescription("Key groups. Cannot change without losing the state.");

  /** Below it, not even a dead letter's headers fit; above it, sizes outgrow an int. */
  private static final long SIZE_MIN = 64 << 10;

  private static final long SIZE_MAX = 1 << 30;

  private static final Duration DURATION_MAX = Duration.ofDays(3650);

  private MillraceOptions() {}

  /** How often a record can come. */
  public enum Delivery {
    EXACTLY_ONCE,
    AT_LEAST_ONCE
  }

  /** How records are written. */
  public enum RecordFormat {
    JSON,
    AVRO
  }

  /** How often token events come. */
  public enum TokenEvents {
    OFF,
    TOKEN,
    STEP
  }

  /** All options with the given models configured, sorted by name. */
  public static List<ConfigOption<?>> all(List<String> models) {
    Stream<ConfigOption<?>> general =
        Stream.of(
                MillraceOptions.class,
                CostOptions.class,
                LedgerOptions.class,
                BudgetOptions.class,
                MetricsOptions.class,
                AlertmanagerOptions.class,
                TraceOptions.class)
            .flatMap(group -> Stream.of(group.getDeclaredFields()))
            .filter(field -> field.getType() == ConfigOption.class)
            .map(MillraceOptions::optionIn);
    Stream<ConfigOption<?>> ofModels =
        models.stream()
            .flatMap(
                model ->
                    Stream.concat(
                        new ModelOptions(model).all().stream(),
                        new RemoteModelOptions(model).all().stream()));
    return Stream.concat(general, ofModels)
        .sorted(Comparator.comparing(ConfigOption::key))
        .toList();
  }

  /**
   * Checks names and ranges, so that a misspelt option is an error and not a default.
   *
   * @throws IllegalArgumentException naming the option
   */
  public static void validate(Configuration configuration) {
    List<String> models = configuration.get(MODELS);
    if (models.isEmpty() || Set.copyOf(models).size() < models.size()) {
      throw new IllegalArgumentException(MODELS.key() + " must name models, each once");
    }
    Set<String> known = inForce(configuration).map(ConfigOption::key).collect(Collectors.toSet());
    for (String name : configuration.keySet()) {
      if (name.startsWith(PREFIX) && !known.contains(name)) {
        throw new IllegalArgumentException("unknown option " + name);
      }
    }
    for (String model : models) {
      if (!model.matches("[A-Za-z0-9._-]{1,64}")) {
        throw new IllegalArgumentException(
            MODELS.key() + ": a model's name has 1 to 64 letters, digits, '.', '_' and '-'");
      }
    }
    between(configuration, BACKLOG_PER_SEQUENCE, 8, 1024);
    between(configuration, FAILED_LEADERS_MAX, 0, 100);
    between(configuration, CRASHES_MAX, 0, 100);
    between(configuration, MAX_PARALLELISM, 1, 1 << 15);
    sized(configuration, PROMPT_SIZE_MAX);
    sized(configuration, OUTPUT_SIZE_MAX);
    sized(configuration, CACHE_ANSWER_SIZE_MAX);
    answersFit(configuration);
    withoutLogin(configuration);
    positive(configuration, CACHE_TTL);
    positive(configuration, TRANSACTION_TIMEOUT);
    positive(configuration, ANOMALY_WINDOW);
    positive(configuration, ANOMALY_OUT_OF_ORDER_MAX);
    if (!(configuration.get(ANOMALY_COST_MIN_USD) >= 0)) {
      throw new IllegalArgumentException(ANOMALY_COST_MIN_USD.key() + " must be at least 0");
    }
    CostOptions.validate(configuration);
    LedgerOptions.validate(configuration);
    models.forEach(model -> new ModelOptions(model).validate(configuration));
    models.forEach(model -> new RemoteModelOptions(model).validate(configuration));
    BudgetOptions.validate(configuration);
    MetricsOptions.validate(configuration);
    AlertmanagerOptions.validate(configuration);
    TraceOptions.validate(configuration);
  }

  /**
   * @throws IllegalArgumentException if the number is not in the range, naming the option
   */
  static void between(Configuration configuration, ConfigOption<Integer> option, int min, int max) {
    int value = configuration.get(option);
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          option.key() + " is " + value + ", must be " + min + " to " + max);
    }
  }

  private static void sized(Configuration configuration, ConfigOption<MemorySize> option) {
    long bytes = configuration.get(option).getBytes();
    if (bytes < SIZE_MIN || bytes > SIZE_MAX) {
      throw new IllegalArgumentException(
          option.key() + " is " + bytes + " bytes, must be " + SIZE_MIN + " to " + SIZE_MAX);
    }
  }

  private static void positive(Configuration configuration, ConfigOption<Duration> option) {
    Duration value = configuration.get(option);
    if (value.toMillis() < 1 || value.compareTo(DURATION_MAX) > 0) {
      throw new IllegalArgumentException(
          option.key() + " is " + value + ", must be 1 ms to " + DURATION_MAX.toDays() + " days");
    }
  }

  /** A kept answer is written whole, and a character takes up to six bytes as JSON. */
  private static void answersFit(Configuration configuration) {
    long needed = 6 * configuration.get(CACHE_ANSWER_SIZE_MAX).getBytes();
    if (needed > configuration.get(OUTPUT_SIZE_MAX).getBytes()) {
      throw new IllegalArgumentException(
          OUTPUT_SIZE_MAX.key() + " must be at least six times " + CACHE_ANSWER_SIZE_MAX.key());
    }
  }

  /** Options are printed, and stand in the arguments of processes. */
  private static void withoutLogin(Configuration configuration) {
    if (configuration.getOptional(SCHEMA_REGISTRY).filter(url -> url.contains("@")).isPresent()) {
      throw new IllegalArgumentException(
          SCHEMA_REGISTRY.key()
              + " must hold no login; the environment's variable "
              + ConfluentRegistry.USER_INFO_VARIABLE
              + " does");
    }
  }

  /** One line an option: its name, the value in force, and whether that is the default. */
  public static List<String> describe(Configuration configuration) {
    return inForce(configuration)
        .map(
            option ->
                option.key()
                    + " = "
                    + (configuration.contains(option)
                        ? configuration.get(option)
                        : option.defaultValue() + " (default)"))
        .toList();
  }

  /** All options of what the configuration names, sorted by name. */
  private static Stream<ConfigOption<?>> inForce(Configuration configuration) {
    return Stream.<ConfigOption<?>>concat(
            all(configuration.get(MODELS)).stream(), TraceOptions.ofExporters(configuration))
        .sorted(Comparator.comparing(ConfigOption::key));
  }

  private static ConfigOption<?> optionIn(Field field) {
    try {
      return (ConfigOption<?>) field.get(null);
    } catch (IllegalAccessException e) {
      throw new LinkageError("cannot read " + field, e);
    }
  }
}
