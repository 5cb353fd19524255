package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Holds Prometheus, Alertmanager and Grafana to docker/compose.yaml and to the guide. */
class MonitoringFilesTest {
  private static final Path HOME = Path.of(System.getProperty("millrace.home"));
  private static final Path DOCKER = HOME.resolve("docker");

  /** Names of metrics in alerts and panels; that they exist is InferenceJobTest's to show. */
  static Set<String> metrics() throws IOException {
    StringBuilder all =
        new StringBuilder(
            Files.readString(DOCKER.resolve("grafana/dashboards/flink-and-kafka.json")));
    try (Stream<Path> rules = Files.list(DOCKER.resolve("prometheus/rules"))) {
      for (Path file : rules.toList()) {
        all.append(Files.readString(file));
      }
    }
    Set<String> names = new TreeSet<>();
    Matcher name = Pattern.compile("\\bflink_\\w+").matcher(all);
    while (name.find()) {
      names.add(name.group());
    }
    return names;
  }

  @Test
  void prometheusReadsWhatComposeStarts() throws Exception {
    JsonNode config = yaml("prometheus/prometheus.yml");
    JsonNode services = yaml("compose.yaml").get("services");
    JsonNode flink = config.at("/scrape_configs/0/dns_sd_configs/0");
    assertThat(flink.get("names")).hasSize(3);
    flink.get("names").forEach(name -> assertThat(services.has(name.textValue())).isTrue());
    assertThat(services.at("/jobmanager/environment/FLINK_PROPERTIES").textValue())
        .contains("metrics.reporter.prom.port: " + flink.get("port").asText());
    JsonNode llm = config.at("/scrape_configs/1/dns_sd_configs/0");
    assertThat(llm.get("names")).isEqualTo(flink.get("names"));
    assertThat(services.at("/jobmanager/environment/FLINK_PROPERTIES").textValue())
        .contains("metrics.reporter.llm.port: " + llm.get("port").asText());
    String alertmanager =
        config.at("/alerting/alertmanagers/0/static_configs/0/targets/0").textValue();
    assertThat(services.at("/" + alertmanager.split(":")[0] + "/ports/0").textValue())
        .endsWith(":" + alertmanager.split(":")[1]);
    assertThat(config.at("/rule_files/0").textValue()).isEqualTo("rules/*.yml");
    for (String service : List.of("prometheus", "alertmanager")) {
      JsonNode mount = services.at("/" + service + "/volumes/0");
      String inside = mount.textValue().split(":")[1];
      String argument = services.at("/" + service + "/command/0").textValue();
      assertThat(argument).startsWith("--config.file=" + inside + "/");
      assertThat(DOCKER.resolve(service + argument.substring(argument.lastIndexOf('/')))).exists();
    }
  }

  @Test
  void alertsAndPanelsShowFlinksMetrics() throws Exception {
    assertThat(metrics()).hasSizeGreaterThan(8);
  }

  @Test
  void grafanaFindsItsDashboards() throws Exception {
    JsonNode services = yaml("compose.yaml").get("services");
    JsonNode source = yaml("grafana/provisioning/datasources/prometheus.yaml").at("/datasources/0");
    assertThat(source.get("url").textValue()).isEqualTo("http://prometheus:9090");
    assertThat(services.at("/prometheus/ports/0").textValue()).endsWith(":9090");
    String path =
        yaml("grafana/provisioning/dashboards/dashboards.yaml")
            .at("/providers/0/options/path")
            .textValue();
    assertThat(services.at("/grafana/volumes"))
        .anyMatch(volume -> volume.textValue().equals("./grafana/dashboards:" + path + ":ro"));
    JsonNode dashboard =
        new ObjectMapper().readTree(DOCKER.resolve("grafana/dashboards/overview.json").toFile());
    assertThat(dashboard.at("/templating/list/0/current/value")).isEqualTo(source.get("uid"));
  }

  private static JsonNode yaml(String file) throws IOException {
    LoaderOptions strict = new LoaderOptions();
    strict.setAllowDuplicateKeys(false);
    Map<String, Object> content =
        new Yaml(new SafeConstructor(strict)).load(Files.readString(DOCKER.resolve(file)));
    return new ObjectMapper().valueToTree(content);
  }
}
