package io.millrace.jobs;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.millrace.jobs.admit.AdmittedMessages;
import io.millrace.jobs.trace.TraceSpec;
import java.net.URI;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;

/** The options of traces, {@code millrace.trace.*}: off unless an exporter is named. */
public final class TraceOptions {

  public static final ConfigOption<List<String>> EXPORTERS =
      key("millrace.trace.exporters")
          .stringType()
          .asList()
          .defaultValues()
          .withDescription(
              "Names of the receivers of traces; every one gets all spans. Without any there are no"
                  + " traces. At most 8.");

  public static final ConfigOption<Double> SAMPLING_RATIO =
      key("millrace.trace.sampling-ratio")
          .doubleType()
          .defaultValue(1.0)
          .withDescription(
              "Share of the prompts that are traced, by trace id. Prompts with a traceparent are"
                  + " traced if and only if their producer's trace is. 0 to 1.");

  public static final ConfigOption<Boolean> TEXT =
      key("millrace.trace.text")
          .booleanType()
          .defaultValue(false)
          .withDescription("Whether spans hold the texts of prompts and answers.");

  public static final ConfigOption<Integer> TEXT_LENGTH_MAX =
      key("millrace.trace.text-length-max")
          .intType()
          .defaultValue(8192)
          .withDescription(
              "Most of a prompt's, and most of an answer's text that a span holds, characters."
                  + " 1 to 65536.");

  public static final ConfigOption<Integer> QUEUE_MAX =
      key("millrace.trace.queue-max")
          .intType()
          .defaultValue(2048)
          .withDescription(
              "Spans that a task holds for one receiver. Further ones are dropped and counted, so"
                  + " that a slow receiver slows nothing. 1 to 65536.");

  public static final ConfigOption<Duration> TIMEOUT =
      key("millrace.trace.timeout")
          .durationType()
          .defaultValue(Duration.ofSeconds(10))
          .withDescription("Longest time that one export may take. 100 ms to 1 min.");

  public static final ConfigOption<Duration> FLUSH_TIMEOUT =
      key("millrace.trace.flush-timeout")
          .durationType()
          .defaultValue(Duration.ofSeconds(2))
          .withDescription(
              "How long a task that ends waits for its last spans to be sent. 0 to 30 s.");

  private static final int EXPORTERS_MAX = 8;

  private TraceOptions() {}

  /** The options of one receiver, {@code millrace.trace.exporter.NAME.*}. */
  static final class Exporter {
    /** Full address, with its path. */
    final ConfigOption<String> endpoint;

    /** Where secrets are. */
    final ConfigOption<String> headersEnv;

    final ConfigOption<String> headersFile;

    Exporter(String name) {
      String prefix = "millrace.trace.exporter." + name + ".";
      endpoint =
          key(prefix + "endpoint")
              .stringType()
              .noDefaultValue()
              .withDescription(
                  "The receiver's full URL for OTLP over HTTP with protobuf, such as"
                      + " http://127.0.0.1:4318/v1/traces.");
      headersEnv =
          key(prefix + "headers-env")
              .stringType()
              .noDefaultValue()
              .withDescription(
                  "Variable of the TaskManager's environment with headers for the receiver, as in"
                      + " OTEL_EXPORTER_OTLP_HEADERS: name=value,name=value, percent-encoded.");
      headersFile =
          key(prefix + "headers-file")
              .stringType()
              .noDefaultValue()
              .withDescription(
                  "File with headers for the receiver, one a line, \"name: value\", on every"
                      + " machine that runs a TaskManager.");
    }

    List<ConfigOption<?>> all() {
      return List.of(endpoint, headersEnv, headersFile);
    }

    TraceSpec.Exporter spec(String name, Configuration configuration) {
      return new TraceSpec.Exporter(
          name,
          configuration.get(endpoint),
          configuration.get(headersEnv),
          configuration.get(headersFile));
    }
  }

  /** The options of the receivers that the configuration names. */
  static Stream<ConfigOption<?>> ofExporters(Configuration configuration) {
    return configuration.get(EXPORTERS).stream()
        .flatMap(exporter -> new Exporter(exporter).all().stream());
  }

  /** What tasks are told. */
  static TraceSpec spec(Configuration configuration) {
    List<String> exporters = configuration.get(EXPORTERS);
    if (exporters.isEmpty()) {
      return TraceSpec.OFF;
    }
    boolean text = configuration.get(TEXT);
    return new TraceSpec(
        exporters.stream().map(name -> new Exporter(name).spec(name, configuration)).toList(),
        configuration.get(SAMPLING_RATIO),
        text ? () -> AdmittedMessages.open(configuration) : null,
        configuration.get(TEXT_LENGTH_MAX),
        configuration.get(QUEUE_MAX),
        configuration.get(TIMEOUT),
        configuration.get(FLUSH_TIMEOUT));
  }

  /**
   * @throws IllegalArgumentException naming the option
   */
  static void validate(Configuration configuration) {
    List<String> exporters = configuration.get(EXPORTERS);
    if (exporters.size() > EXPORTERS_MAX
        || new HashSet<>(exporters).size() < exporters.size()
        || !exporters.stream().allMatch(name -> name.matches("[A-Za-z0-9_-]{1,64}"))) {
      throw new IllegalArgumentException(
          EXPORTERS.key()
              + " must be at most "
              + EXPORTERS_MAX
              + " names, each once, of letters, digits, '_' and '-'");
    }
    double ratio = configuration.get(SAMPLING_RATIO);
    if (!(ratio >= 0 && ratio <= 1)) {
      throw new IllegalArgumentException(
          SAMPLING_RATIO.key() + " is " + ratio + ", must be 0 to 1");
    }
    MillraceOptions.between(configuration, TEXT_LENGTH_MAX, 1, 1 << 16);
    MillraceOptions.between(configuration, QUEUE_MAX, 1, 1 << 16);
    between(configuration, TIMEOUT, Duration.ofMillis(100), Duration.ofMinutes(1));
    between(configuration, FLUSH_TIMEOUT, Duration.ZERO, Duration.ofSeconds(30));
    exporters.forEach(name -> validate(configuration, new Exporter(name)));
  }

  private static void validate(Configuration configuration, Exporter exporter) {
    if (!configuration.contains(exporter.endpoint)) {
      throw new IllegalArgumentException(exporter.endpoint.key() + " is not set");
    }
    if (configuration.contains(exporter.headersEnv)
        && configuration.contains(exporter.headersFile)) {
      throw new IllegalArgumentException(
          exporter.headersEnv.key() + " and " + exporter.headersFile.key() + ": set one of them");
    }
    String problem = problem(configuration.get(exporter.endpoint));
    if (problem != null) {
      throw new IllegalArgumentException(exporter.endpoint.key() + problem);
    }
  }

  /** What is wrong with an endpoint, or null. It is not quoted: it might hold a login. */
  private static String problem(String endpoint) {
    URI uri;
    try {
      uri = URI.create(endpoint);
    } catch (IllegalArgumentException e) {
      return " is no URL";
    }
    if (!("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
        || uri.getHost() == null) {
      return " must be a URL of http or https";
    }
    // Options are printed, and stand in the arguments of processes.
    return uri.getRawUserInfo() != null || uri.getRawQuery() != null
        ? " must hold no login and no query; headers do"
        : null;
  }

  private static void between(
      Configuration configuration, ConfigOption<Duration> option, Duration min, Duration max) {
    Duration value = configuration.get(option);
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          option.key() + " is " + value + ", must be " + min + " to " + max);
    }
  }
}
