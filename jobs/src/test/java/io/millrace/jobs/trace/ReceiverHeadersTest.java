package io.millrace.jobs.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReceiverHeadersTest {
  @Test
  void areReadFromTheEnvironmentAsOpenTelemetrySaysIt() {
    assertThat(environment("x-api-key=lsv2_pt_abc,Langsmith-Project=my%20project,a=b+c=="))
        .isEqualTo(
            Map.of("x-api-key", "lsv2_pt_abc", "Langsmith-Project", "my project", "a", "b+c=="));
  }

  @Test
  void areReadFromAFileEachTime(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("headers");
    ReceiverHeaders headers =
        new ReceiverHeaders(
            new TraceSpec.Exporter("langfuse", "http://x", null, file.toString()), Map.of());
    Files.writeString(file, "Authorization: Basic cGs6c2s=\n\nx-b: c:d\n");
    assertThat(headers.get()).isEqualTo(Map.of("Authorization", "Basic cGs6c2s=", "x-b", "c:d"));
    Files.writeString(file, "Authorization: Basic bmV3");
    assertThat(headers.get()).isEqualTo(Map.of("Authorization", "Basic bmV3"));
    Files.write(file, new byte[20_000]);
    assertThatThrownBy(headers::get).hasMessageEndingWith("headers is longer than 16384 bytes");
  }

  @Test
  void nobodyNeedsAny() {
    assertThat(
            new ReceiverHeaders(new TraceSpec.Exporter("a", "http://x", null, null), Map.of())
                .get())
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"s3cret", "a=s3cret%", "a=s3cret%0d%0aHost: b", "a b=s3cret"})
  void mistakesAreToldWithoutWhatIsSecret(String text) {
    assertThatThrownBy(() -> environment(text))
        .isInstanceOf(UnreadableHeadersException.class)
        .hasMessageStartingWith("the environment's variable HEADERS ")
        .hasMessageNotContaining("s3cret");
  }

  @Test
  void aVariableThatIsNotSetIsNamed() {
    assertThatThrownBy(() -> environment(null))
        .hasMessage("the environment's variable HEADERS is not set");
  }

  private static Map<String, String> environment(String value) {
    return new ReceiverHeaders(
            new TraceSpec.Exporter("a", "http://x", "HEADERS", null),
            value == null ? Map.of() : Map.of("HEADERS", value))
        .get();
  }
}
