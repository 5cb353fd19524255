package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.testing.InstalledProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The rules of docker/prometheus/rules: what they fire on, what they say, and where it is told. */
class AlertRulesTest {
  private static final Path HOME = Path.of(System.getProperty("millrace.home"));
  private static final Path PROMETHEUS = HOME.resolve("docker/prometheus");
  private static final InstalledProgram PROMTOOL = new InstalledProgram("promtool");

  @Test
  void fireAsTheirTestsSay() throws Exception {
    assumeTrue(PROMTOOL.isInstalled(), "skipped: needs promtool");
    List<String> arguments = new ArrayList<>(List.of("test", "rules"));
    files("tests").forEach(file -> arguments.add("tests/" + file.getFileName()));
    assertThat(PROMTOOL.run(PROMETHEUS, arguments)).contains("SUCCESS").doesNotContain("FAILED");
  }

  @Test
  void prometheusTakesItsConfigurations() throws Exception {
    assumeTrue(PROMTOOL.isInstalled(), "skipped: needs promtool");
    for (String file : List.of("prometheus.yml", "laptop.yml")) {
      assertThat(PROMTOOL.run(PROMETHEUS, List.of("check", "config", file)))
          .contains(file + " is valid prometheus config file syntax")
          .contains(files("rules").size() + " rule files found");
    }
  }

  /**
   * Each alert has a test in which it fires with these severities, and one in which it does not.
   */
  @Test
  void everyAlertHasBothTests() throws Exception {
    Map<String, Set<String>> fired = new TreeMap<>();
    Set<String> silent = new TreeSet<>();
    for (Path file : files("tests")) {
      for (JsonNode test : yaml(file).get("tests")) {
        for (JsonNode check : test.get("alert_rule_test")) {
          String alert = check.get("alertname").textValue();
          if (check.get("exp_alerts").isEmpty()) {
            silent.add(alert);
          }
          for (JsonNode expected : check.get("exp_alerts")) {
            fired
                .computeIfAbsent(alert, name -> new TreeSet<>())
                .add(expected.at("/exp_labels/severity").textValue());
          }
        }
      }
    }
    silent.add("Watchdog"); // never is
    Map<String, Set<String>> severities = new TreeMap<>();
    for (JsonNode alert : alerts()) {
      String severity = alert.at("/labels/severity").textValue();
      severities
          .computeIfAbsent(alert.get("alert").textValue(), name -> new TreeSet<>())
          .addAll(severity.contains("{{") ? Set.of("page", "ticket") : Set.of(severity));
    }
    assertThat(severities).hasSizeGreaterThan(20);
    assertThat(fired).isEqualTo(severities);
    assertThat(silent).isEqualTo(severities.keySet());
  }

  @Test
  void everyAlertSaysWhatItMeansAndWhereToRead() throws Exception {
    String guide = Files.readString(HOME.resolve("docs/OPERATIONS.md"));
    Set<String> names = new TreeSet<>();
    for (JsonNode alert : alerts()) {
      String name = alert.get("alert").textValue();
      names.add(name);
      assertThat(alert.at("/labels/severity").textValue())
          .as(name)
          .matches("page|ticket|info|none|\\{\\{ if .*page.*ticket.*end }}");
      JsonNode annotations = alert.get("annotations");
      assertThat(annotations.get("summary").textValue()).as(name).isNotBlank();
      assertThat(annotations.get("description").textValue()).as(name).isNotBlank();
      assertThat(annotations.get("runbook_url").textValue())
          .isEqualTo("docs/OPERATIONS.md#" + name.toLowerCase(Locale.ROOT));
      assertThat(guide).contains(row(name));
    }
    // And none is explained that is not there.
    assertThat(guide.lines().filter(line -> line.startsWith("| <a id=")))
        .hasSameSizeAs(names)
        .allMatch(line -> names.stream().anyMatch(name -> line.startsWith(row(name))));
  }

  private static String row(String alert) {
    return "| <a id=\"" + alert.toLowerCase(Locale.ROOT) + "\"></a>`" + alert + "` | ";
  }

  private static List<JsonNode> alerts() throws IOException {
    List<JsonNode> alerts = new ArrayList<>();
    for (Path file : files("rules")) {
      for (JsonNode group : yaml(file).get("groups")) {
        group.get("rules").forEach(alerts::add);
      }
    }
    alerts.removeIf(rule -> !rule.has("alert"));
    return alerts;
  }

  private static List<Path> files(String folder) throws IOException {
    try (Stream<Path> files = Files.list(PROMETHEUS.resolve(folder))) {
      return files.sorted().toList();
    }
  }

  private static JsonNode yaml(Path file) throws IOException {
    LoaderOptions strict = new LoaderOptions();
    strict.setAllowDuplicateKeys(false);
    Map<String, Object> content =
        new Yaml(new SafeConstructor(strict)).load(Files.readString(file));
    return new ObjectMapper().valueToTree(content);
  }
}
