package io.millrace.jobs.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.millrace.jobs.testing.AlertmanagerProcess;
import io.millrace.jobs.testing.CapturedLog;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.AnomalySeverity;
import io.millrace.schemas.AnomalyState;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Anomalies straight to Alertmanager: a real one, one that is slow, and one that is not there. */
class AlertPushTest {
  private static final Path CONFIG =
      Path.of(System.getProperty("millrace.home"), "docker/alertmanager/alertmanager.yml");
  private static final Duration MAX = Duration.ofMinutes(2);
  private static final Duration WINDOW = Duration.ofMinutes(1);
  private static final Instant NOW = Instant.parse("2026-01-01T12:00:30Z");

  @TempDir private Path directory;

  @Test
  void opensBecomesAPageAndResolvesInARealAlertmanager() throws Exception {
    assumeTrue(AlertmanagerProcess.isInstalled(), "skipped: needs prometheus-alertmanager");
    Instant first = Instant.now().minus(WINDOW);
    try (AlertmanagerProcess alertmanager = AlertmanagerProcess.start(directory, CONFIG);
        AlertPush push =
            new AlertPush(
                target("http://" + alertmanager.address(), 5_000, 10), InstantSource.system())) {
      push.offer(anomaly(AnomalyState.open, AnomalySeverity.warning, first));
      JsonNode alert = await("opens", () -> alertmanager.alerts("LlmCostAnomaly").get(0));
      assertThat(alert.at("/labels/severity").textValue()).isEqualTo("ticket");
      assertThat(alert.at("/labels/tenant").textValue()).isEqualTo("acme");
      assertThat(alert.at("/annotations/summary").textValue())
          .isEqualTo("acme on default: costs rise");
      assertThat(alert.get("receivers"))
          .hasSize(1)
          .first()
          .satisfies(r -> assertThat(r.get("name").textValue()).isEqualTo("costs"));

      push.offer(anomaly(AnomalyState.update, AnomalySeverity.critical, first));
      await(
          "is a page, and no ticket any more",
          () -> {
            JsonNode alerts = alertmanager.alerts("LlmCostAnomaly");
            return alerts.size() == 1 && alerts.at("/0/labels/severity").textValue().equals("page");
          });

      push.offer(anomaly(AnomalyState.resolved, AnomalySeverity.critical, first));
      await("resolves", () -> alertmanager.alerts("LlmCostAnomaly").isEmpty());
      assertThat(push.sent()).isEqualTo(3);
      assertThat(push.dropped()).isZero();
    }
  }

  @Test
  void sendsTheTokenOfItsFileAndTriesAgain() throws Exception {
    Path token = Files.writeString(directory.resolve("token"), "let-me-in\n");
    BlockingQueue<String> authorizations = new LinkedBlockingQueue<>();
    HttpServer server = HttpServer.create(new InetSocketAddress(loopback(), 0), 0);
    server.createContext(
        "/below/api/v2/alerts",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          authorizations.add(exchange.getRequestHeaders().getFirst("Authorization"));
          exchange.sendResponseHeaders(authorizations.size() < 3 ? 503 : 200, -1);
          exchange.close();
        });
    server.start();
    AlertmanagerTarget target =
        new AlertmanagerTarget(
            "http://127.0.0.1:" + server.getAddress().getPort() + "/below",
            token.toString(),
            Duration.ofSeconds(30),
            Duration.ofMillis(1),
            10);
    try (AlertPush push = new AlertPush(target, InstantSource.system())) {
      push.offer(anomaly(AnomalyState.open, AnomalySeverity.warning, NOW));
      await("is taken", () -> push.sent() == 1);
      assertThat(authorizations)
          .containsExactlyElementsOf(
              List.of("Bearer let-me-in", "Bearer let-me-in", "Bearer let-me-in"));
      assertThat(push.dropped()).isZero();
    } finally {
      server.stop(0);
    }
  }

  @Test
  void aTokenThatIsNoneIsNotQuoted() throws Exception {
    Path token = Files.writeString(directory.resolve("token"), "two\nlines");
    AlertmanagerTarget target =
        new AlertmanagerTarget(
            "http://127.0.0.1:1", token.toString(), Duration.ofSeconds(30), Duration.ZERO, 10);
    try (CapturedLog log = CapturedLog.of("io.millrace");
        AlertPush push = new AlertPush(target, InstantSource.system())) {
      push.offer(anomaly(AnomalyState.open, AnomalySeverity.warning, NOW));
      await("is told", () -> log.text().contains("is no header's value"));
      assertThat(log.text()).doesNotContain("lines");
    }
  }

  @Test
  void oneThatNeverAnswersHoldsNobodyUpAndWhatIsTooMuchIsCounted() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, loopback())) {
      AlertPush push =
          new AlertPush(
              target("http://127.0.0.1:" + silent.getLocalPort(), 300_000, 5),
              InstantSource.system());
      for (int i = 0; i < 100; i++) {
        push.offer(anomaly(AnomalyState.open, AnomalySeverity.warning, NOW)); // returns
      }
      // Five wait, and a batch of at most six was taken from them before.
      assertThat(push.dropped()).isBetween(100L - 5 - 64, 95L);
      push.close();
      await("all is counted", () -> push.dropped() == 100);
      assertThat(push.sent()).isZero();
    }
  }

  @Test
  void oneThatIsNotThereIsCountedToo() throws Exception {
    int port;
    try (ServerSocket closed = new ServerSocket(0, 1, loopback())) {
      port = closed.getLocalPort();
    }
    try (AlertPush push =
        new AlertPush(target("http://127.0.0.1:" + port, 30_000, 5), InstantSource.system())) {
      push.offer(anomaly(AnomalyState.open, AnomalySeverity.warning, NOW));
      await("is dropped", () -> push.dropped() == 1);
    }
  }

  @Test
  void endsByItselfWhenNothingMoreIsHeard() throws Exception {
    JsonNode open = body(anomaly(AnomalyState.open, AnomalySeverity.warning, NOW)).get(0);
    assertThat(Instant.parse(open.get("startsAt").textValue())).isEqualTo(NOW);
    assertThat(Instant.parse(open.get("endsAt").textValue()))
        .isEqualTo(NOW.plus(WINDOW.multipliedBy(64)));
    // What is resolved ends in the past also where event time is ahead of the clock.
    JsonNode resolved = body(anomaly(AnomalyState.resolved, AnomalySeverity.warning, NOW));
    assertThat(resolved).hasSize(2);
    resolved.forEach(
        alert -> {
          assertThat(Instant.parse(alert.get("endsAt").textValue())).isEqualTo(NOW);
          assertThat(Instant.parse(alert.get("startsAt").textValue())).isEqualTo(NOW);
        });
  }

  @Test
  void takesUrlsWithoutALoginOnly() {
    for (String wrong : List.of("alertmanager:9093", "ftp://a", "http://me:secret@a", "http:///")) {
      assertThatThrownBy(() -> target(wrong, 1, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageNotContaining("secret");
    }
  }

  private static JsonNode body(Anomaly anomaly) throws Exception {
    return new ObjectMapper().readTree(new AnomalyAlerts().body(List.of(anomaly), NOW));
  }

  private static AlertmanagerTarget target(String url, int timeoutMs, int waitingMax) {
    return new AlertmanagerTarget(
        url, null, Duration.ofMillis(timeoutMs), Duration.ofMillis(1), waitingMax);
  }

  private static InetAddress loopback() throws Exception {
    return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
  }

  private static Anomaly anomaly(AnomalyState state, AnomalySeverity severity, Instant first) {
    return Anomaly.newBuilder()
        .setId("7")
        .setDetector("cost-spike")
        .setSignal("cost_per_window_usd")
        .setSeverity(severity)
        .setState(state)
        .setTenant("acme")
        .setModel("default")
        .setWindowStart(first)
        .setWindowEnd(first.plus(WINDOW))
        .setFirstSeen(first)
        .setValue(3)
        .setMessage("costs rise")
        .build();
  }

  private static <T> T await(String what, Callable<T> condition) throws Exception {
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < MAX.toNanos()) {
      T answer = condition.call();
      if (answer != null && !Boolean.FALSE.equals(answer)) {
        return answer;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    return fail("not within " + MAX + ": " + what);
  }
}
