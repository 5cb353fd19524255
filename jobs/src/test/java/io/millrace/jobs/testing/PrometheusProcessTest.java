package io.millrace.jobs.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrometheusProcessTest {
  @TempDir Path directory;

  @Test
  void answersQueriesAndTellsWhyOneIsWrong() throws Exception {
    assumeTrue(PrometheusProcess.isInstalled(), "skipped: needs prometheus");
    Path config = directory.resolve("prometheus.yml");
    Files.writeString(
        config, PrometheusProcess.scraping(List.of(URI.create("http://127.0.0.1:1/metrics"))));
    try (PrometheusProcess prometheus = PrometheusProcess.start(directory, config)) {
      assertThat(prometheus.query("vector(7)").at("/0/value/1").textValue()).isEqualTo("7");
      assertThat(prometheus.query("llm_nothing_total")).isEmpty();
      assertThatThrownBy(() -> prometheus.query("sum(("))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("parse error");
    }
  }

  @Test
  void tellsWhyItDoesNotStart() throws Exception {
    assumeTrue(PrometheusProcess.isInstalled(), "skipped: needs prometheus");
    Path config = Files.writeString(directory.resolve("prometheus.yml"), "nonsense: 1");
    assertThatThrownBy(() -> PrometheusProcess.start(directory, config))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nonsense");
  }
}
