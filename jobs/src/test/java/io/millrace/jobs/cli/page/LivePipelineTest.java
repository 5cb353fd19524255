package io.millrace.jobs.cli.page;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.engine.DraftCounts;
import io.millrace.engine.EngineStats;
import io.millrace.jobs.BudgetOptions;
import io.millrace.jobs.CostOptions;
import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.Models;
import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.dashboards.Dashboard;
import io.millrace.jobs.dashboards.Dashboards;
import io.millrace.jobs.dashboards.Panel;
import io.millrace.jobs.dashboards.Query;
import io.millrace.jobs.embedded.Pipeline;
import io.millrace.jobs.embedded.StartupException;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import io.millrace.jobs.ledger.LedgerOptions;
import io.millrace.jobs.metrics.LlmMetric;
import io.millrace.jobs.testing.FakeModels;
import io.millrace.jobs.testing.ForwardingEngine;
import io.millrace.jobs.testing.PrometheusProcess;
import io.millrace.jobs.testing.TopicRecords;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.configuration.Configuration;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every panel over a running pipeline: its queries by a real Prometheus, and on the built-in page.
 * The pipeline is the demo's but for its model, which is a fake that drafts and remembers prefixes.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LivePipelineTest {
  private static final Duration MAX = Duration.ofMinutes(2);
  private static final String HOSTILE = "<b onclick=alert(1)>\"'&amp;";

  /** Series that this pipeline has not, and why. */
  private static final Map<String, String> ABSENT =
      Map.of(
          LlmMetric.RETRIES.exactName(), "its models are not remote",
          LlmMetric.RATE_LIMITED.exactName(), "its models are not remote");

  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient http = HttpClient.newHttpClient();
  private Pipeline pipeline;
  private LivePage page;
  private TopicRecords records;
  private int sent;

  /** Says of itself that it drafts and finds prefixes. */
  private record DraftingModels(FakeModels fakes) implements Models {
    private static final long serialVersionUID = 1L;

    @Override
    public ModelProfile profile(Configuration options, String model) {
      return fakes.profile(options, model);
    }

    @Override
    public OpenedModel open(Configuration options, String model) {
      OpenedModel opened = fakes.open(options, model);
      ForwardingEngine drafting =
          new ForwardingEngine(opened.engine()) {
            @Override
            public EngineStats stats() {
              EngineStats stats = super.stats();
              long tokens = stats.outputTokens();
              return new EngineStats(
                  stats.running(),
                  0,
                  0,
                  0,
                  1,
                  0,
                  0,
                  tokens,
                  tokens / 2,
                  tokens,
                  0,
                  0,
                  new DraftCounts(tokens, tokens, List.of(tokens, tokens), List.of(tokens, 1L)));
            }
          };
      return new OpenedModel(
          drafting, opened.tokenizer(), opened.backend(), opened.digest(), opened.release());
    }
  }

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    Configuration options = new Configuration();
    options.setString("millrace.model.default.path", "fake");
    options.set(MillraceOptions.ANOMALY_WINDOW, Duration.ofSeconds(1));
    options.set(MillraceOptions.ANOMALY_OUT_OF_ORDER_MAX, Duration.ofSeconds(1));
    options.set(CostOptions.IDLE_INTERVAL, Duration.ofSeconds(1));
    options.set(LedgerOptions.INTERVAL, Duration.ofSeconds(1));
    Path budgets = directory.resolve("budgets.json");
    Files.writeString(
        budgets, "{\"tenants\": {\"acme\": {\"limit_usd\": \"50000\", \"period\": \"total\"}}}");
    options.set(BudgetOptions.FILE, budgets.toString());
    options.setString("millrace.model.default.ceiling-usd-per-token", "0.0003");
    page = new LivePage(0, "--ui-port", true);
    pipeline =
        Pipeline.start(
            new Pipeline.Settings(directory.resolve("data"), 0, 0, 0, options, 1, Map.of())
                .withAnomalies()
                .withLedger(),
            new DraftingModels(new FakeModels("page", 1_000_000)));
    page.show(pipeline);
    records = new TopicRecords(pipeline.bootstrapServers());
    spike();
  }

  @AfterAll
  void stop() throws Exception {
    pipeline.close();
    assertThatThrownBy(() -> get("/")).isInstanceOf(IOException.class);
    page.close();
  }

  /** A tenant whose costs are 50 times as high once. In the future: no other row passes them by. */
  private void spike() throws Exception {
    AvroCodec<CostEvent> avro = new AvroCodec<>(CostEvent.class);
    Instant begin = Instant.now().plusSeconds(5);
    List<ProducerRecord<byte[], byte[]>> rows = new ArrayList<>();
    for (int window = 0; window < 15; window++) {
      for (int i = 0; i < 20; i++) {
        CostEvent row =
            CostEvent.newBuilder()
                .setKind(CostKind.request)
                .setIsFinal(true)
                .setRequestId("elsewhere-0-" + (window * 20 + i))
                .setTenant("spiky")
                .setModel("default")
                .setStatus(RequestStatus.generated)
                .setEventTime(begin.plusSeconds(window).plusMillis(i * 10L))
                .setOutputTokens(100)
                .setTotalMs(500L)
                .setTotalUsd(new BigDecimal(window == 12 ? "0.5" : "0.01"))
                .build();
        rows.add(
            new ProducerRecord<>(
                pipeline.topics().costs(), "spiky".getBytes(UTF_8), avro.encode(row)));
      }
    }
    records.send(rows);
  }

  /** One that is new, one that is not, one of a hostile tenant, and one that fails. */
  private void traffic() throws Exception {
    List<ProducerRecord<byte[], byte[]>> prompts = new ArrayList<>();
    prompts.add(prompt("acme", "number " + ++sent));
    prompts.add(prompt("acme", "number " + sent));
    prompts.add(prompt(HOSTILE, "another " + sent));
    prompts.add(prompt("globex", "will FAIL " + sent));
    records.send(prompts);
  }

  private ProducerRecord<byte[], byte[]> prompt(String tenant, String text) {
    String body =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],\"temperature\":0}".formatted(text);
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(pipeline.topics().prompts(), null, body.getBytes(UTF_8));
    record.headers().add("tenant", tenant.getBytes(UTF_8));
    return record;
  }

  @Test
  void everyQueryOfEveryDashboardHasDataInPrometheus(@TempDir Path directory) throws Exception {
    assumeTrue(PrometheusProcess.isInstalled(), "skipped: needs prometheus");
    Map<String, String> pending = new LinkedHashMap<>();
    for (Dashboard dashboard : Dashboards.ALL) {
      for (Panel panel : dashboard.panels()) {
        for (Query query : panel.queries()) {
          if (absent(query)) {
            continue;
          }
          pending.put(
              query
                  .expr()
                  .promQl()
                  .replace("$tenant", ".*")
                  .replace("$model", ".*")
                  .replace("$__rate_interval", "10s")
                  .replace("$__range", "5m"),
              dashboard.title() + ", " + panel.title());
          query
              .expr()
              .selectors()
              .forEach(
                  series ->
                      pending.put("count({__name__=\"" + series.name() + "\"})", panel.title()));
        }
      }
    }
    Path config = directory.resolve("prometheus.yml");
    List<URI> pages =
        List.of(URI.create(pipeline.metricsUrl()), URI.create(pipeline.flinkMetricsUrl()));
    Files.writeString(config, PrometheusProcess.scraping(pages));
    try (PrometheusProcess prometheus = PrometheusProcess.start(directory, config)) {
      long begin = System.nanoTime();
      while (!pending.isEmpty() && System.nanoTime() - begin < MAX.toNanos()) {
        traffic();
        for (String query : List.copyOf(pending.keySet())) {
          if (hasNumber(prometheus.query(query))) { // one that is wrong throws
            pending.remove(query);
          }
        }
        pause();
      }
      assertThat(pending).as("queries without data, and their panels").isEmpty();
      double reused = number(prometheus, "sum(llm_dedup_hits_total)");
      assertThat(reused).isPositive();
    }
  }

  private static boolean hasNumber(JsonNode result) {
    for (JsonNode series : result) {
      if (!series.at("/value/1").textValue().equals("NaN")) {
        return true;
      }
    }
    return false;
  }

  private static double number(PrometheusProcess prometheus, String query) throws Exception {
    return Double.parseDouble(prometheus.query(query).at("/0/value/1").textValue());
  }

  @Test
  void everyPanelOfThePageHasData() throws Exception {
    TreeSet<String> empty = new TreeSet<>();
    long begin = System.nanoTime();
    do {
      traffic();
      pause();
      empty.clear();
      for (Dashboard dashboard : Dashboards.ALL) {
        JsonNode panels = getJson("/api/series?dashboard=" + dashboard.id()).get("panels");
        for (int i = 0; i < panels.size(); i++) {
          if (!dashboard.panels().get(i).queries().stream().allMatch(LivePipelineTest::absent)
              && !hasPoint(panels.get(i).get("series"))) {
            empty.add(dashboard.title() + ", " + dashboard.panels().get(i).title());
          }
        }
      }
    } while (!empty.isEmpty() && System.nanoTime() - begin < MAX.toNanos());
    assertThat(empty).isEmpty();
  }

  private static boolean absent(Query query) {
    return query.expr().selectors().stream().anyMatch(s -> ABSENT.containsKey(s.name()));
  }

  private static boolean hasPoint(JsonNode series) {
    for (JsonNode line : series) {
      for (JsonNode value : line.get("values")) {
        if (value.isNumber()) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  void requestsAndAnomaliesComeFromTheTopics() throws Exception {
    traffic();
    long begin = System.nanoTime();
    JsonNode events = getJson("/api/events");
    while (!(named(events, HOSTILE) && events.get("anomalies").size() > 0)
        && System.nanoTime() - begin < MAX.toNanos()) {
      pause();
      events = getJson("/api/events");
    }
    assertThat(events.get("requests")).hasSizeLessThanOrEqualTo(RecentEvents.REQUESTS_MAX);
    assertThat(events.at("/totals/requests").longValue()).isPositive();
    JsonNode hostile = null;
    for (JsonNode request : events.get("requests")) {
      hostile = request.get("tenant").textValue().equals(HOSTILE) ? request : hostile;
    }
    assertThat(hostile).isNotNull();
    assertThat(hostile.get("model").textValue()).isEqualTo("default");
    assertThat(hostile.get("output").longValue()).isPositive();
    assertThat(Double.parseDouble(hostile.get("usd").textValue()))
        .isCloseTo(0, within(1.0))
        .isPositive();
    assertThat(hostile.get("text").textValue()).startsWith("ANOTHER");
    assertThat(events.at("/anomalies/0/tenant").textValue()).isEqualTo("spiky");
  }

  private static boolean named(JsonNode events, String tenant) {
    for (JsonNode request : events.get("requests")) {
      if (request.get("tenant").textValue().equals(tenant) && request.has("text")) {
        return true;
      }
    }
    return false;
  }

  @Test
  void theSamePortTwiceIsOneClearError() {
    int port = URI.create(page.url()).getPort();
    assertThatThrownBy(() -> new LivePage(port, "--ui-port", false))
        .isInstanceOf(StartupException.class)
        .hasMessage("port " + port + " is in use; choose another with --ui-port");
  }

  private JsonNode getJson(String path) throws Exception {
    return json.readTree(get(path).body());
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create(page.url()).resolve(path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static void pause() {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
  }
}
