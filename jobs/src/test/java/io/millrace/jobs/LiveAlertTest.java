package io.millrace.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.jobs.cli.demo.DemoOptions;
import io.millrace.jobs.cli.traffic.Traffic;
import io.millrace.jobs.embedded.Pipeline;
import io.millrace.jobs.testing.AlertmanagerProcess;
import io.millrace.jobs.testing.FakeModels;
import io.millrace.jobs.testing.PrometheusProcess;
import io.millrace.jobs.testing.TopicRecords;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.AnomalyState;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.PlainJson;
import io.millrace.schemas.RequestStatus;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.configuration.Configuration;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The demo's cost spike, all the way: embedded pipeline, a real Prometheus with the project's
 * rules, a real Alertmanager with its routes. What each showed is kept in {@code target/alerts}.
 *
 * <p>Tenants, windows and options are the demo's; the rows of costs are the test's own, a minute
 * ahead of the clock, so that event time goes on when the test says so and not when the machine is
 * fast enough. The alert is to be there before it has passed the spike's first window by more than
 * what rows may come late: without a second window.
 */
class LiveAlertTest {
  private static final Path HOME = Path.of(System.getProperty("millrace.home"));
  private static final Path KEPT = Path.of("target/alerts");
  private static final Duration MAX = Duration.ofMinutes(2);
  private static final Duration WINDOW = Duration.ofSeconds(5);
  private static final String ALERT = "LlmCostAnomaly";

  /** Windows before the spike's; it takes eight to know what is usual. */
  private static final int CALM_WINDOWS = 12;

  private static final String CALM_USD = "0.0000015";
  private static final String WILD_USD = "0.000015";

  @TempDir private Path directory;

  @Test
  void spikeFiresWithinTwoWindowsAndResolves() throws Exception {
    assumeTrue(PrometheusProcess.isInstalled(), "skipped: needs prometheus");
    assumeTrue(AlertmanagerProcess.isInstalled(), "skipped: needs prometheus-alertmanager");
    try (Pipeline pipeline = pipeline();
        AlertmanagerProcess alertmanager =
            AlertmanagerProcess.start(
                directory.resolve("alertmanager"),
                HOME.resolve("docker/alertmanager/alertmanager.yml"));
        PrometheusProcess prometheus =
            PrometheusProcess.start(
                directory.resolve("prometheus"),
                prometheusConfig(URI.create(pipeline.metricsUrl()), alertmanager))) {
      TopicRecords records = new TopicRecords(pipeline.bootstrapServers());
      String costs = pipeline.topics().costs();
      long windowMs = WINDOW.toMillis();
      Instant start = Instant.ofEpochMilli((System.currentTimeMillis() / windowMs + 12) * windowMs);
      Instant spike = start.plus(WINDOW.multipliedBy(CALM_WINDOWS));

      for (Instant window = start; window.isBefore(spike); window = window.plus(WINDOW)) {
        records.send(rows(costs, window, CALM_USD));
      }
      await(
          "the calm windows are judged",
          () -> !prometheus.query("llm_anomaly_score{detector=\"cost-spike\"}").isEmpty());
      assertThat(alertmanager.alerts(ALERT)).isEmpty();

      // The spike's first window, and one row of the next: enough for the first to be over.
      records.send(rows(costs, spike, WILD_USD));
      Instant next = spike.plus(WINDOW);
      records.send(List.of(row(costs, "webshop", next.plusSeconds(2), CALM_USD)));
      long sent = System.nanoTime();
      JsonNode firing =
          await(
              "the alert fires",
              () -> {
                JsonNode alerts = alertmanager.alerts(ALERT);
                return alerts.isEmpty() ? null : alerts;
              });
      long firedAfterMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sent);
      keep("1-firing-scrape.txt", scrape(pipeline));
      keep("2-firing-rules.json", prometheus.get("/api/v1/rules?type=alert").toPrettyString());
      keep("3-firing-alerts.json", firing.toPrettyString());
      keep("4-times.txt", "ms from the window's last row to Alertmanager: " + firedAfterMs + "\n");
      List<Anomaly> opened = anomalies(records, pipeline, 1);
      assertThat(opened.get(0).getState()).isEqualTo(AnomalyState.open);
      assertThat(opened.get(0).getWindowEnd()).isEqualTo(next); // the spike's first window
      assertFiring(firing);
      assertThat(kept("1-firing-scrape.txt"))
          .containsPattern(
              "(?m)^llm_anomaly_active\\{.*tenant=\"rentals\".*detector=\"cost-spike\".*} 1$");
      assertThat(ruleState(prometheus, ALERT)).isEqualTo("firing");
      assertThat(ruleState(prometheus, "Watchdog")).isEqualTo("firing");
      assertThat(ruleState(prometheus, "FlinkJobDown")).isEqualTo("inactive");

      for (int i = 1; i < 5; i++) {
        records.send(rows(costs, spike.plus(WINDOW.multipliedBy(i)), CALM_USD));
      }
      await("the alert is resolved", () -> alertmanager.alerts(ALERT).isEmpty());
      keep("5-resolved-scrape.txt", scrape(pipeline));
      keep("6-resolved-rules.json", prometheus.get("/api/v1/rules?type=alert").toPrettyString());
      assertThat(kept("5-resolved-scrape.txt"))
          .containsPattern(
              "(?m)^llm_anomaly_active\\{.*tenant=\"rentals\".*detector=\"cost-spike\".*} 0$");
      assertThat(ruleState(prometheus, ALERT)).isEqualTo("inactive");
      assertThat(anomalies(records, pipeline, 2))
          .extracting(Anomaly::getState)
          .containsExactly(AnomalyState.open, AnomalyState.resolved);
    }
  }

  private Pipeline pipeline() {
    return Pipeline.start(
        new Pipeline.Settings(
                directory.resolve("data"),
                0,
                0,
                0,
                DemoOptions.of(new Configuration()),
                1,
                Map.of())
            .withAnomalies(),
        new FakeModels("live-alert", Integer.MAX_VALUE / 2));
  }

  /** The laptop's, with other ports. */
  private Path prometheusConfig(URI metrics, AlertmanagerProcess alertmanager) throws IOException {
    Path docker = HOME.resolve("docker/prometheus");
    String laptop = Files.readString(docker.resolve("laptop.yml"));
    String config =
        laptop
            .replace("127.0.0.1:9249", metrics.getAuthority())
            .replace("127.0.0.1:9093", alertmanager.address())
            .replace("rules/*.yml", docker.resolve("rules") + "/*.yml");
    assertThat(config).doesNotContain(":9249\"", ":9093\"").contains("scrape_interval: 1s");
    return Files.writeString(directory.resolve("prometheus.yml"), config);
  }

  private static void assertFiring(JsonNode firing) {
    assertThat(firing).isNotEmpty();
    for (JsonNode alert : firing) {
      assertThat(alert.at("/labels/tenant").textValue()).isEqualTo(Traffic.WILD_TENANT);
      assertThat(alert.at("/labels/model").textValue()).isEqualTo("default");
      assertThat(alert.at("/labels/severity").textValue()).isEqualTo("page"); // ten times as much
      assertThat(alert.at("/status/state").textValue()).isEqualTo("active");
      assertThat(alert.get("receivers"))
          .extracting(r -> r.get("name").textValue())
          .containsExactlyInAnyOrder("page", "costs");
      assertThat(alert.at("/annotations/summary").textValue())
          .isEqualTo("rentals on default: costs rise");
    }
  }

  private static String ruleState(PrometheusProcess prometheus, String name) throws Exception {
    for (JsonNode group : prometheus.get("/api/v1/rules?type=alert").at("/data/groups")) {
      for (JsonNode rule : group.get("rules")) {
        if (rule.get("name").textValue().equals(name)) {
          return rule.get("state").textValue();
        }
      }
    }
    return fail("no rule " + name);
  }

  private static List<Anomaly> anomalies(TopicRecords records, Pipeline pipeline, int count)
      throws Exception {
    List<Anomaly> anomalies = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record :
        records.await(pipeline.topics().anomalies(), count)) {
      anomalies.add(PlainJson.read(record.value(), Anomaly.class));
    }
    return anomalies;
  }

  /** A window of every tenant of the demo; the wild one pays what is said. */
  private static List<ProducerRecord<byte[], byte[]>> rows(
      String topic, Instant window, String wildUsd) {
    List<ProducerRecord<byte[], byte[]>> rows = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      for (String tenant : Traffic.TENANTS) {
        String usd = tenant.equals(Traffic.WILD_TENANT) ? wildUsd : CALM_USD;
        rows.add(row(topic, tenant, window.plusMillis(i * 1_000L), usd));
      }
    }
    return rows;
  }

  private static ProducerRecord<byte[], byte[]> row(
      String topic, String tenant, Instant time, String usd) {
    CostEvent row =
        CostEvent.newBuilder()
            .setKind(CostKind.request)
            .setIsFinal(true)
            .setRequestId(tenant + "-" + time.toEpochMilli())
            .setTenant(tenant)
            .setModel("default")
            .setStatus(RequestStatus.generated)
            .setEventTime(time)
            .setOutputTokens(20)
            .setTotalMs(100L)
            .setTotalUsd(new BigDecimal(usd))
            .build();
    return new ProducerRecord<>(topic, tenant.getBytes(UTF_8), PlainJson.write(row));
  }

  private static String scrape(Pipeline pipeline) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(pipeline.metricsUrl())).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private static void keep(String name, String text) throws IOException {
    Files.createDirectories(KEPT);
    Files.writeString(KEPT.resolve(name), text);
  }

  private static String kept(String name) throws IOException {
    return Files.readString(KEPT.resolve(name));
  }

  /** Waits until the answer is neither null nor false. */
  private static <T> T await(String what, Callable<T> condition) throws Exception {
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < MAX.toNanos()) {
      T answer = condition.call();
      if (answer != null && !Boolean.FALSE.equals(answer)) {
        return answer;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
    return fail("not within " + MAX + ": " + what);
  }
}
