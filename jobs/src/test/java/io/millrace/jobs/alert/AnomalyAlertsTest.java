package io.millrace.jobs.alert;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** That rules and direct alerts are the same, of every detector that there is. */
class AnomalyAlertsTest {
  private static final Path HOME = Path.of(System.getProperty("millrace.home"));

  @Test
  void everyDetectorHasTheAlertOfItsRule() throws Exception {
    Map<String, String> rules = new TreeMap<>();
    Matcher rule =
        Pattern.compile("alert: (\\w+)\\s+expr: .*detector=~?\"([a-z|-]+)\"")
            .matcher(Files.readString(HOME.resolve("docker/prometheus/rules/anomalies.yml")));
    while (rule.find()) {
      for (String detector : rule.group(2).split("\\|")) {
        rules.put(detector, rule.group(1));
      }
    }
    assertThat(rules.keySet()).containsExactlyInAnyOrderElementsOf(detectors());
    rules.forEach((detector, alert) -> assertThat(AnomalyAlerts.nameOf(detector)).isEqualTo(alert));
  }

  /** By what their classes say. */
  private static List<String> detectors() throws Exception {
    Pattern name = Pattern.compile("String name\\(\\) \\{\\s+return \"([^\"]+)\"");
    try (Stream<Path> files =
        Files.list(HOME.resolve("jobs/src/main/java/io/millrace/jobs/anomaly"))) {
      return files
          .map(AnomalyAlertsTest::read)
          .flatMap(source -> name.matcher(source).results())
          .map(result -> result.group(1))
          .toList();
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
