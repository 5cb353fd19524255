package io.millrace.jobs.cli.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.jobs.dashboards.Dashboard;
import io.millrace.jobs.dashboards.Dashboards;
import io.millrace.jobs.dashboards.Panel;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** From the text of the metrics port to the points of the page. */
class PanelHistoryTest {
  private final PanelHistory history = new PanelHistory(Dashboards.ALL);
  private final AtomicReference<String> text = new AtomicReference<>("");
  private long nowMs = 1_000_000;
  private final Clock clock =
      new Clock() {
        @Override
        public Instant instant() {
          return Instant.ofEpochMilli(nowMs);
        }

        @Override
        public ZoneOffset getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(java.time.ZoneId zone) {
          throw new UnsupportedOperationException();
        }
      };
  private final Sampler sampler = new Sampler(Dashboards.ALL, text::get, clock, history);

  private void second(String metrics) {
    text.set(metrics);
    sampler.sample();
    nowMs += 1000;
  }

  private static String requests(String tenant, long count) {
    return "llm_requests_total{tenant=\"%s\",model=\"m\",status=\"hit\",} %d\n"
        .formatted(tenant, count);
  }

  private JsonNode panel(String dashboard, String title, Panel.Kind kind) {
    Dashboard found =
        Dashboards.ALL.stream().filter(d -> d.id().equals(dashboard)).findAny().orElseThrow();
    for (int i = 0; i < found.panels().size(); i++) {
      Panel panel = found.panels().get(i);
      if (panel.title().equals(title) && panel.kind() == kind) {
        return history.after(0, dashboard).get("panels").get(i).get("series");
      }
    }
    throw new AssertionError("no panel " + title);
  }

  @Test
  void aCounterBecomesARate() {
    for (int i = 0; i <= 6; i++) {
      second("# TYPE llm_requests_total counter\n" + requests("a", 2L * i) + requests("b", 1));
    }
    JsonNode series = panel("serving", "Requests per second by tenant", Panel.Kind.LINES);
    assertThat(series).hasSize(2);
    JsonNode a = series.get(0).get("name").textValue().equals("a") ? series.get(0) : series.get(1);
    assertThat(a.get("values")).hasSize(7);
    assertThat(a.get("values").get(0).isNull()).as("one scrape is no rate").isTrue();
    assertThat(a.get("values").get(6).doubleValue()).isEqualTo(2.0);
    JsonNode times = history.after(1_004_000, "serving").get("times");
    assertThat(times).extracting(JsonNode::longValue).containsExactly(1_005_000L, 1_006_000L);
    assertThat(history.after(0, "nothing")).isNull();
  }

  @Test
  void aTaskThatBeginsAnewLosesNothing() {
    String cost = "llm_cost_usd_total{tenant=\"a\",model=\"m\",} ";
    second(cost + "3\n");
    second(cost + "5\n");
    second("");
    second(cost + "1\n");
    JsonNode values = panel("cost", "Cost so far", Panel.Kind.FIGURE).get(0).get("values");
    assertThat(values).extracting(JsonNode::doubleValue).containsExactly(3.0, 5.0, 5.0, 6.0);
  }

  @Test
  void namesOfTenantsStayNamesAndAreCut() {
    String hostile = "<img src=x onerror=alert(1)>\\\"\\\\\\n}";
    for (int i = 0; i < 5; i++) {
      second(requests(hostile, i) + requests("x".repeat(300), i));
    }
    JsonNode series = panel("serving", "Requests per second by tenant", Panel.Kind.LINES);
    assertThat(series)
        .extracting(line -> line.get("name").textValue())
        .containsExactlyInAnyOrder("<img src=x onerror=alert(1)>\"\\\uFFFD}", "x".repeat(59) + "…");
  }

  @Test
  void linesPointsAndSeriesAreBounded() {
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < RecentSamples.SERIES_MAX + 100; i++) {
      many.append(requests("tenant " + i, 7));
    }
    for (int i = 0; i < 5; i++) {
      second(many.toString());
    }
    JsonNode series = panel("serving", "Requests per second by tenant", Panel.Kind.LINES);
    assertThat(series).hasSize(PanelHistory.LINES_MAX);
    assertThat(series).anyMatch(line -> line.get("name").textValue().equals(PanelHistory.OTHERS));
    for (int i = 0; i < PanelHistory.POINTS + 10; i++) {
      second("");
    }
    assertThat(history.after(0, "serving").get("times")).hasSize(PanelHistory.POINTS);
    assertThat(panel("serving", "Requests per second by tenant", Panel.Kind.LINES))
        .as("lines that are over are forgotten")
        .isEmpty();
  }

  @Test
  void whatIsNotTheFormatLeavesAGap() {
    second(requests("a", 1));
    second("llm_requests_total{tenant=\"a");
    second(requests("a", 2));
    assertThat(history.after(0, "serving").get("times")).hasSize(2);
    assertThatThrownBy(
            () -> ExpositionText.read("a{b=\"c\"} x\n", name -> true, (name, labels, value) -> {}))
        .isInstanceOf(NumberFormatException.class);
    StringBuilder read = new StringBuilder();
    ExpositionText.read(
        "# HELP a b\na 1\nb{} +Inf\nc{d=\"\\\\e\\n\\\"\",f=\"\"} 1.5e-3 99\n",
        name -> true,
        (name, labels, value) ->
            read.append(String.format(Locale.ROOT, "%s %s %s;", name, labels, value)));
    assertThat(read).hasToString("a {} 1.0;b {} Infinity;c {d=\\e\n\", f=} 0.0015;");
  }

  @Test
  void everyPanelIsEvaluatedEvenWithoutData() {
    second("");
    for (Dashboard dashboard : Dashboards.ALL) {
      assertThat(history.after(0, dashboard.id()).get("panels"))
          .hasSameSizeAs(List.copyOf(dashboard.panels()));
    }
  }
}
