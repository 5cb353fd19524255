package io.millrace.jobs.alert;

import io.millrace.schemas.Anomaly;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends anomalies to an Alertmanager from a thread of its own. Whoever has one to send never waits:
 * past the bound it is dropped, and counted. So is what an Alertmanager does not take after a few
 * tries; all stands in the topic anyway.
 */
final class AlertPush implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AlertPush.class);

  private static final int BATCH_MAX = 64;
  private static final int TRIES_MAX = 3;
  private static final long END_MAX_MS = 2_000;

  private final AlertmanagerTarget target;
  private final InstantSource clock;
  private final AnomalyAlerts alerts = new AnomalyAlerts();
  private final HttpClient http;
  private final BlockingQueue<Anomaly> waiting;
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final Thread thread;
  private volatile boolean closed;

  AlertPush(AlertmanagerTarget target, InstantSource clock) {
    this.target = target;
    this.clock = clock;
    this.waiting = new ArrayBlockingQueue<>(target.waitingMax());
    this.http = HttpClient.newBuilder().connectTimeout(target.timeout()).build();
    this.thread = new Thread(this::run, "alertmanager-push");
    thread.setDaemon(true);
    thread.start();
  }

  /** Returns at once. */
  void offer(Anomaly anomaly) {
    if (!waiting.offer(anomaly)) {
      dropped.incrementAndGet();
    }
  }

  /** Anomalies that Alertmanager has taken. */
  long sent() {
    return sent.get();
  }

  /** Anomalies that it has not, or that were too many. */
  long dropped() {
    return dropped.get();
  }

  private void run() {
    List<Anomaly> batch = new ArrayList<>();
    try {
      while (!closed) {
        batch.add(waiting.take());
        waiting.drainTo(batch, BATCH_MAX - 1);
        send(batch);
        batch.clear();
      }
    } catch (InterruptedException e) {
      LOG.debug("Closed while sending or waiting");
    }
    dropped.addAndGet(batch.size() + waiting.size()); // what was still to send
  }

  private void send(List<Anomaly> batch) throws InterruptedException {
    String failure = null;
    for (int attempt = 1; attempt <= TRIES_MAX; attempt++) {
      try {
        HttpResponse<Void> response =
            http.send(request(batch), HttpResponse.BodyHandlers.discarding());
        if (response.statusCode() / 100 == 2) {
          sent.addAndGet(batch.size());
          return;
        }
        failure = "status " + response.statusCode();
        if (response.statusCode() / 100 == 4) {
          break; // it will not like it better the next time
        }
      } catch (IOException e) {
        failure = e.toString();
      } catch (IllegalArgumentException e) {
        // Without its words: it quotes a header, which may hold the token.
        failure = "the token of " + target.tokenFile() + " is no header's value";
        break;
      }
      if (attempt < TRIES_MAX) {
        TimeUnit.MILLISECONDS.sleep(target.retryAfter().toMillis() * attempt);
      }
    }
    dropped.addAndGet(batch.size());
    LOG.warn(
        "Alertmanager at {} did not take {} anomalies: {}", target.url(), batch.size(), failure);
  }

  private HttpRequest request(List<Anomaly> batch) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(target.url().resolve("api/v2/alerts"))
            .timeout(target.timeout())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(alerts.body(batch, clock.instant())));
    if (target.tokenFile() != null) {
      // Read anew each time: secrets are rotated.
      request.header("Authorization", "Bearer " + Files.readString(target.tokenFile()).strip());
    }
    return request.build();
  }

  /** Ends the thread, within two seconds; what waits is dropped. */
  @Override
  public void close() throws InterruptedException {
    closed = true;
    thread.interrupt();
    thread.join(Duration.ofMillis(END_MAX_MS).toMillis());
  }
}
