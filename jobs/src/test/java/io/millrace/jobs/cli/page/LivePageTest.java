package io.millrace.jobs.cli.page;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.dashboards.Dashboards;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a browser, and whoever else comes, gets from the page before there is a pipeline. */
class LivePageTest {
  private final LivePage page = new LivePage(0, "--ui-port", false);
  private final HttpClient http = HttpClient.newHttpClient();

  @AfterEach
  void close() {
    page.close();
  }

  @Test
  void servesThePageItsFilesAndItsPanels() throws Exception {
    HttpResponse<String> index = send("GET", "/");
    assertThat(index.statusCode()).isEqualTo(200);
    assertThat(index.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
    for (String file : List.of("uplot.js", "uplot.css", "page.js", "page.css")) {
      assertThat(index.body()).contains('"' + file + '"');
      assertThat(send("GET", "/" + file).body()).isNotBlank();
    }
    assertThat(send("GET", "/page.js").body()).contains("\"./charts.js\"");
    assertThat(send("GET", "/charts.js").statusCode()).isEqualTo(200);
    JsonNode description = new ObjectMapper().readTree(send("GET", "/api/page").body());
    assertThat(description.get("dashboards")).hasSameSizeAs(Dashboards.ALL);
    assertThat(description.get("texts").booleanValue()).isFalse();
    assertThat(send("GET", "/api/series?dashboard=overview&since=1").body())
        .startsWith("{\"times\":[],");
  }

  @Test
  void nothingIsMarkupButTheFileItself() throws Exception {
    for (String script : List.of("/page.js", "/charts.js")) {
      assertThat(send("GET", script).body())
          .doesNotContain("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval");
    }
    assertThat(send("GET", "/").body()).doesNotContain("style=", "onclick", "<script>", "http");
    String policy = send("GET", "/").headers().firstValue("Content-Security-Policy").orElseThrow();
    assertThat(policy)
        .contains("default-src 'none'", "script-src 'self';")
        .doesNotContain("unsafe");
  }

  @Test
  void refusesWhatIsNotItsOwn() throws Exception {
    assertThat(send("POST", "/").statusCode()).isEqualTo(405);
    assertThat(send("HEAD", "/").statusCode()).isEqualTo(200);
    assertThat(send("GET", "/../secrets").statusCode()).isEqualTo(404);
    assertThat(send("GET", "/api/series?dashboard=..%2F").statusCode()).isEqualTo(404);
    assertThat(send("GET", "/api/series").statusCode()).isEqualTo(404);
    assertThat(raw("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"))
        .as("a name of someone else that leads here")
        .startsWith("HTTP/1.1 403");
    assertThat(raw("GET / HTTP/1.1\r\nHost: localhost:1234\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 200");
  }

  @Test
  void sumsAreExactAndListsAreShort() {
    RecentEvents events = new RecentEvents();
    for (int i = 0; i < 3 * RecentEvents.REQUESTS_MAX; i++) {
      events.addText("p-0-" + i, "line\n" + "x".repeat(1000));
      events.add(
          CostEvent.newBuilder()
              .setKind(CostKind.request)
              .setIsFinal(true)
              .setRequestId("p-0-" + i)
              .setTenant("a\u202Eb")
              .setModel("m")
              .setStatus(RequestStatus.hit)
              .setEventTime(Instant.ofEpochMilli(i))
              .setTotalUsd(new BigDecimal("0.000000000000000000000001"))
              .setSavedDedupUsd(new BigDecimal("0.1"))
              .build());
    }
    JsonNode json = events.json();
    assertThat(json.at("/totals/usd").textValue()).isEqualTo("0.00000000000000000000015");
    assertThat(json.at("/totals/savedUsd").textValue()).isEqualTo("15");
    assertThat(json.get("requests")).hasSize(RecentEvents.REQUESTS_MAX);
    JsonNode newest = json.at("/requests/0");
    assertThat(newest.get("time").longValue()).isEqualTo(3 * RecentEvents.REQUESTS_MAX - 1);
    assertThat(newest.get("tenant").textValue()).isEqualTo("a\uFFFDb");
    assertThat(newest.get("text").textValue()).hasSize(RecentEvents.TEXT_MAX).startsWith("line x");
  }

  private HttpResponse<String> send(String method, String path)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create(page.url().replaceAll("/$", "") + path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private String raw(String request) throws IOException {
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), URI.create(page.url()).getPort())) {
      socket.getOutputStream().write(request.getBytes(UTF_8));
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }
}
