package io.millrace.jobs.cli.page;

import io.millrace.jobs.cli.events.AnswerEvent;
import io.millrace.jobs.cli.events.CommittedReader;
import io.millrace.jobs.cli.events.EventDecoder;
import io.millrace.jobs.cli.events.UnreadableEventException;
import io.millrace.jobs.kafka.Topics;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.CostEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads what is committed from now on: costs, anomalies, and answers where text may be shown. */
final class EventFeed implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventFeed.class);
  private static final Duration POLL = Duration.ofMillis(500);
  private static final long CLOSE_MAX_MS = 5_000;

  private final Topics topics;
  private final RecentEvents events;
  private final CommittedReader reader;
  private final EventDecoder<CostEvent> costs = new EventDecoder<>(CostEvent.class);
  private final EventDecoder<Anomaly> anomalies = new EventDecoder<>(Anomaly.class);
  private final AnswerEvent.Decoder answers = new AnswerEvent.Decoder();
  private final Thread thread = Sampler.daemon(this::run, "page-events");
  private volatile boolean closed;

  /**
   * @param anomalies whether there is such a topic
   * @param texts whether the beginnings of answers may be shown
   */
  EventFeed(
      String bootstrapServers,
      Topics topics,
      boolean anomalies,
      boolean texts,
      RecentEvents events) {
    this.topics = topics;
    this.events = events;
    List<String> read = new ArrayList<>(List.of(topics.costs()));
    if (anomalies) {
      read.add(topics.anomalies());
    }
    if (texts) {
      read.add(topics.responses());
    }
    reader = new CommittedReader(bootstrapServers, read, CommittedReader.From.NOW);
  }

  void start() {
    thread.start();
  }

  private void run() {
    try (reader) {
      while (!closed) {
        reader.poll(POLL).forEach(this::take);
      }
    } catch (KafkaException e) {
      if (!closed) {
        LOG.warn("the page reads no events any more: {}", e.toString());
      }
    }
  }

  private void take(ConsumerRecord<byte[], byte[]> record) {
    try {
      if (record.topic().equals(topics.costs())) {
        events.add(costs.decode(record.value()));
      } else if (record.topic().equals(topics.anomalies())) {
        events.add(anomalies.decode(record.value()));
      } else {
        AnswerEvent answer = answers.decode(record);
        events.addText(answer.requestId(), answer.text());
      }
    } catch (UnreadableEventException e) {
      LOG.debug("the page leaves out {}-{}", record.topic(), record.offset());
    }
  }

  @Override
  public void close() {
    closed = true;
    reader.wakeup();
    try {
      thread.join(CLOSE_MAX_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
