package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.description.HtmlFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MillraceOptionsTest {
  private static final List<String> MODELS = List.of("small", "large");

  @Test
  void printsEveryOptionWithItsValueAndWhetherThatIsTheDefault() {
    Configuration options = new Configuration();
    options.setString("millrace.models", "small;large");
    options.setString("millrace.model.large.sequences-max", "8");

    List<String> lines = MillraceOptions.describe(options);
    assertThat(lines)
        .contains(
            "millrace.models = [small, large]",
            "millrace.model.large.sequences-max = 8",
            "millrace.model.small.sequences-max = 32 (default)",
            "millrace.tenant.default = default (default)");
    assertThat(lines)
        .extracting(line -> line.substring(0, line.indexOf(' ')))
        .containsExactlyElementsOf(
            MillraceOptions.all(MODELS).stream().map(ConfigOption::key).toList())
        .isSorted()
        .doesNotHaveDuplicates();
  }

  @Test
  void describesEveryOption() {
    HtmlFormatter formatter = new HtmlFormatter();
    for (ConfigOption<?> option : MillraceOptions.all(MODELS)) {
      assertThat(option.key()).startsWith("millrace.").matches("[a-z.-]+");
      assertThat(formatter.format(option.description()))
          .as(option.key())
          .hasSizeGreaterThan(15)
          .endsWith(".");
    }
  }

  @Test
  void hasOnlyDefaultsThatAreValid() {
    assertThatCode(() -> MillraceOptions.validate(new Configuration())).doesNotThrowAnyException();
    Configuration said = new Configuration();
    List<ConfigOption<?>> ofRemoteModels = new RemoteModelOptions("default").all();
    for (ConfigOption<?> option : MillraceOptions.all(List.of("default"))) {
      if (option.hasDefaultValue() && !ofRemoteModels.contains(option)) {
        said.setString(option.key(), new Configuration().get(option).toString());
      }
    }
    said.setString("millrace.models", "default");
    assertThatCode(() -> MillraceOptions.validate(said)).doesNotThrowAnyException();
  }

  @Test
  void leavesOthersOptionsAlone() {
    Configuration options = new Configuration();
    options.setString("taskmanager.numberOfTaskSlots", "4");
    assertThatCode(() -> MillraceOptions.validate(options)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          millrace.cache.tll                     | 1 h     | unknown option millrace.cache.tll
          millrace.model.other.path              | a.gguf  | unknown option millrace.model.other.path
          millrace.model.default.paht            | a.gguf  | unknown option millrace.model.default.paht
          millrace.models                        | a;a     | millrace.models must name models, each once
          millrace.models                        | a b     | millrace.models: a model's name has 1 to 64 letters
          millrace.generate.backlog-per-sequence | 7       | millrace.generate.backlog-per-sequence is 7, must be 8 to 1024
          millrace.max-parallelism               | 40000   | millrace.max-parallelism is 40000, must be 1 to 32768
          millrace.prompt.size-max               | 4 gb    | millrace.prompt.size-max is 4294967296 bytes
          millrace.output.size-max               | 1 kb    | millrace.output.size-max is 1024 bytes, must be 65536 to
          millrace.schema-registry.url           | http://me:word@host | millrace.schema-registry.url must hold no login; the environment's variable
          millrace.alertmanager.url              | http://me:word@host | millrace.alertmanager.url must be http://host:port or https://host:port, without a login
          millrace.alertmanager.waiting-max      | 0       | millrace.alertmanager.waiting-max is 0, must be 1 to 100000
          millrace.alertmanager.timeout          | 1 h     | millrace.alertmanager.timeout is PT1H, must be 10 ms to 5 min
          millrace.cache.ttl                     | 0 s     | millrace.cache.ttl is PT0S, must be 1 ms to 3650 days
          millrace.kafka.transaction-timeout     | 0 s     | millrace.kafka.transaction-timeout is PT0S
          millrace.model.default.parallelism     | 0       | millrace.model.default.parallelism is 0, must be 1 to 720
          millrace.model.default.parallelism     | 721     | millrace.model.default.parallelism is 721, must be 1 to 720
          millrace.model.default.threads         | -1      | millrace.model.default.threads is -1, must be 0 to
          millrace.model.default.sequences-max   | 0       | millrace.model.default.sequences-max is 0, must be 1 to 65536
          millrace.model.default.sequences-max   | 600     | millrace.model.default.step-tokens-max is 512, must be 600 to
          millrace.model.default.kv-block-tokens | 0       | millrace.model.default.kv-block-tokens is 0, must be 1 to
          millrace.model.default.kv-tokens       | 15      | millrace.model.default.kv-tokens is 15, must be 16 to
          millrace.model.default.output-tokens-max | 0     | millrace.model.default.output-tokens-max is 0, must be 1 to
          millrace.model.default.temperature     | NaN     | millrace.model.default.temperature is NaN, must be 0 to 100
          millrace.model.default.temperature     | -1      | millrace.model.default.temperature is -1.0, must be 0 to 100
          millrace.budget.deferred-max           | -1      | millrace.budget.deferred-max is -1, must be 0 to 100000
          millrace.budget.deferred-size-max      | 1 gb    | millrace.budget.deferred-size-max is 1073741824 bytes, must be 0 to 256 MiB
          millrace.budget.file                   | b.json  | millrace.model.default.ceiling-usd-per-token is not set: budgets need the most
          """)
  void refusesWhatIsWrongByItsName(String key, String value, String message) {
    Configuration options = new Configuration();
    options.setString(key, value);
    assertThatThrownBy(() -> MillraceOptions.validate(options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void wantsACeilingOnlyWhereTimeIsBilledAndBudgetsAreKept() {
    Configuration options = new Configuration();
    options.setString("millrace.budget.file", "b.json");
    options.setString("millrace.model.default.price", "catalogue:gpt-4o");
    assertThatCode(() -> MillraceOptions.validate(options)).doesNotThrowAnyException();
    options.setString("millrace.model.default.price", "device");
    options.setString("millrace.model.default.ceiling-usd-per-token", "0.000001");
    assertThatCode(() -> MillraceOptions.validate(options)).doesNotThrowAnyException();
    options.setString("millrace.model.default.ceiling-usd-per-token", "-1");
    assertThatThrownBy(() -> MillraceOptions.validate(options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "millrace.model.default.ceiling-usd-per-token is -1, must be 0 to 1000 USD with at most"
                + " 24 decimal places");
    options.setString("millrace.model.default.ceiling-usd-per-token", "cheap");
    assertThatThrownBy(() -> MillraceOptions.validate(options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "millrace.model.default.ceiling-usd-per-token is cheap, must be a decimal number");
  }

  @ParameterizedTest
  @CsvSource({
    "millrace.model.default.threads, many",
    "millrace.cache.ttl, soon",
    "millrace.model.default.temperature, warm",
    "millrace.prompt.size-max, big"
  })
  void refusesWhatCannotBeRead(String key, String value) {
    Configuration options = new Configuration();
    options.setString(key, value);
    assertThatThrownBy(() -> MillraceOptions.validate(options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasStackTraceContaining(key);
  }
}
