package io.millrace.jobs.dashboards;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GrafanaDashboardTest {
  private static final Path FILES =
      Path.of(System.getProperty("millrace.home"), "docker/grafana/dashboards");

  @Test
  void theFilesAreWrittenFromTheList() throws Exception {
    Set<String> names = new TreeSet<>();
    for (Dashboard dashboard : Dashboards.ALL) {
      Path file = FILES.resolve(GrafanaDashboard.file(dashboard));
      names.add(file.getFileName().toString());
      assertThat(Files.readString(file).equals(GrafanaDashboard.of(dashboard)))
          .as(
              "%s is not of the list: ./millrace dashboards --output docker/grafana/dashboards",
              file)
          .isTrue();
    }
    try (Stream<Path> there = Files.list(FILES)) {
      assertThat(there.map(file -> file.getFileName().toString()).collect(Collectors.toSet()))
          .isEqualTo(names);
    }
  }

  @Test
  void panelsFitTheGridAndSayWhatTheyAre() throws Exception {
    assertThat(Dashboards.ALL).extracting(Dashboard::id).doesNotHaveDuplicates().hasSize(6);
    for (Dashboard dashboard : Dashboards.ALL) {
      JsonNode json = new ObjectMapper().readTree(GrafanaDashboard.of(dashboard));
      Set<String> cells = new HashSet<>();
      assertThat(json.get("panels")).hasSize(dashboard.panels().size());
      for (JsonNode panel : json.get("panels")) {
        assertThat(panel.get("title").textValue()).isNotBlank();
        assertThat(panel.get("description").textValue()).endsWith(".");
        assertThat(panel.at("/datasource/uid").textValue()).isEqualTo("${datasource}");
        assertThat(panel.get("targets")).isNotEmpty();
        JsonNode at = panel.get("gridPos");
        assertThat(at.get("x").asInt() + at.get("w").asInt()).isLessThanOrEqualTo(24);
        for (int x = 0; x < at.get("w").asInt(); x++) {
          for (int y = 0; y < at.get("h").asInt(); y++) {
            assertThat(cells.add((at.get("x").asInt() + x) + "/" + (at.get("y").asInt() + y)))
                .as("one panel on another: %s", panel.get("title"))
                .isTrue();
          }
        }
      }
    }
  }

  @Test
  void readersChooseTenantsAndModels() throws Exception {
    JsonNode cost = new ObjectMapper().readTree(GrafanaDashboard.of(Spending.DASHBOARD));
    assertThat(cost.at("/templating/list"))
        .extracting(variable -> variable.get("name").textValue())
        .containsExactly("datasource", "tenant", "model");
    assertThat(cost.at("/templating/list/1/allValue").textValue()).isEqualTo(".*");
    JsonNode flink = new ObjectMapper().readTree(GrafanaDashboard.of(FlinkAndKafka.DASHBOARD));
    assertThat(flink.at("/templating/list")).hasSize(1);
  }
}
