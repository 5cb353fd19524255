package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.trace.TraceSpec;
import java.time.Duration;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TraceOptionsTest {
  @Test
  void severalReceiversEachWithTheirHeaders() {
    Configuration options = new Configuration();
    options.setString("millrace.trace.exporters", "langsmith;langfuse");
    options.setString(
        "millrace.trace.exporter.langsmith.endpoint",
        "https://api.smith.langchain.com/otel/v1/traces");
    options.setString("millrace.trace.exporter.langsmith.headers-env", "LANGSMITH_HEADERS");
    options.setString(
        "millrace.trace.exporter.langfuse.endpoint",
        "https://cloud.langfuse.com/api/public/otel/v1/traces");
    options.setString("millrace.trace.exporter.langfuse.headers-file", "/run/secrets/langfuse");
    MillraceOptions.validate(options);
    assertThat(MillraceOptions.describe(options))
        .contains(
            "millrace.trace.exporter.langsmith.headers-env = LANGSMITH_HEADERS",
            "millrace.trace.text = false (default)");
    TraceSpec spec = TraceOptions.spec(options);
    assertThat(spec.exporters())
        .containsExactly(
            new TraceSpec.Exporter(
                "langsmith",
                "https://api.smith.langchain.com/otel/v1/traces",
                "LANGSMITH_HEADERS",
                null),
            new TraceSpec.Exporter(
                "langfuse",
                "https://cloud.langfuse.com/api/public/otel/v1/traces",
                null,
                "/run/secrets/langfuse"));
    assertThat(spec.messages()).as("texts are for those who ask").isNull();
    assertThat(spec.timeout()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void isOffUnlessAReceiverIsNamed() {
    assertThat(TraceOptions.spec(new Configuration())).isSameAs(TraceSpec.OFF);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          exporters              | a;a       | s must be at most 8 names, each once, of letters, digits, '_' and '-'
          exporters              | a;b/c     | s must be at most 8 names, each once, of letters, digits, '_' and '-'
          exporters              | a;b       | .b.endpoint is not set
          exporter.b.endpoint    | http://x  | unknown option millrace.trace.exporter.b.endpoint
          exporter.a.endpoint    | x         | .a.endpoint must be a URL of http or https
          exporter.a.endpoint    | http://u:p@x/v1 | .a.endpoint must hold no login and no query; headers do
          exporter.a.endpoint    | http://x/?k=p   | .a.endpoint must hold no login and no query; headers do
          exporter.a.headers-env | X         | .a.headers-env and millrace.trace.exporter.a.headers-file: set one of them
          sampling-ratio         | 1.5       | sampling-ratio is 1.5, must be 0 to 1
          sampling-ratio         | NaN       | sampling-ratio is NaN, must be 0 to 1
          queue-max              | 0         | queue-max is 0, must be 1 to 65536
          text-length-max        | 70000     | text-length-max is 70000, must be 1 to 65536
          timeout                | 1 h       | timeout is PT1H, must be PT0.1S to PT1M
          """)
  void refusesWhatMakesNoSense(String option, String value, String message) {
    Configuration options = new Configuration();
    options.setString("millrace.trace.exporters", "a");
    options.setString("millrace.trace.exporter.a.endpoint", "http://127.0.0.1:4318/v1/traces");
    if (option.endsWith("headers-env")) {
      options.setString("millrace.trace.exporter.a.headers-file", "headers");
    }
    options.setString("millrace.trace." + option, value);
    assertThatThrownBy(() -> MillraceOptions.validate(options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("u:p");
  }
}
