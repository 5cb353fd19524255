package io.millrace.jobs.cli.demo;

import io.millrace.jobs.cli.events.AnswerEvent;
import io.millrace.jobs.cli.events.CommittedReader;
import io.millrace.jobs.cli.events.DeadLetterEvent;
import io.millrace.jobs.cli.events.EventDecoder;
import io.millrace.jobs.cli.progress.Progress;
import io.millrace.jobs.cli.traffic.Sample;
import io.millrace.jobs.cli.traffic.Traffic;
import io.millrace.jobs.embedded.JobHandle.Began;
import io.millrace.jobs.embedded.Pipeline;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.CostEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends the sample traffic at its pace and follows what becomes of it. One thread steps it; others
 * may ask for the report meanwhile.
 */
public final class DemoRun implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final long SEED = 20_260_101;
  private static final double PROMPTS_PER_SECOND = 20;
  private static final double TRICKLE_PER_SECOND = 1;

  /** A slow machine is asked no faster than it answers. */
  private static final int UNANSWERED_MAX = 100;

  private static final double WILD_AT = 2.0 / 3;
  private static final int WILD_PROMPTS = 60;
  private static final double WILD_PER_SECOND = 10;
  private static final String CUSTOM_ID = "demo-";

  private final Pipeline pipeline;
  private final double seconds;
  private final Traffic traffic;
  private final KafkaProducer<byte[], byte[]> producer;
  private final CommittedReader reader;
  private final AnswerEvent.Decoder answers = new AnswerEvent.Decoder();
  private final EventDecoder<Anomaly> anomalies = new EventDecoder<>(Anomaly.class);
  private final EventDecoder<CostEvent> costs = new EventDecoder<>(CostEvent.class);
  private final AtomicReference<Exception> failure = new AtomicReference<>();
  private final long startNanos = System.nanoTime();
  private final long startMs = System.currentTimeMillis();

  private final Outcome outcome = new Outcome();
  private final LedgerComparison ledger;
  private final List<Sample> sent = new ArrayList<>();
  private double lastStepSeconds;
  private double ordinaryDue;
  private boolean trickle;
  private int wildSent;

  /**
   * @param seconds of traffic
   * @param samples file of messages
   */
  public DemoRun(Pipeline pipeline, double seconds, Path samples) throws IOException {
    this.pipeline = pipeline;
    this.seconds = seconds;
    this.ledger = new LedgerComparison(pipeline.ledger().orElseThrow());
    this.traffic = new Traffic(Sample.read(samples), SEED);
    this.reader =
        new CommittedReader(
            pipeline.bootstrapServers(),
            List.of(
                pipeline.topics().responses(),
                pipeline.topics().deadLetters(),
                pipeline.topics().costs(),
                pipeline.topics().anomalies()),
            CommittedReader.From.BEGINNING);
    this.producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                pipeline.bootstrapServers(),
                ProducerConfig.ACKS_CONFIG,
                "all"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  /** Sends what is due and reads what has come. */
  public synchronized void step() throws IOException {
    if (failure.get() != null) {
      throw new IOException("a prompt could not be sent", failure.get());
    }
    send();
    for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
      take(record);
    }
  }

  /** Whether the traffic is over; a trickle goes on. */
  public boolean trafficOver() {
    return elapsed() >= seconds;
  }

  /** Whether every prompt is settled and accounted for. */
  public synchronized boolean settled() {
    return wildSent == WILD_PROMPTS
        && outcome.tally().settled() == sent.size()
        && outcome.allPaid();
  }

  /** Whether, with all settled, idle time is accounted for, too. */
  public synchronized boolean booked() {
    return settled() && outcome.devices().values().stream().allMatch(DeviceTimes::complete);
  }

  /**
   * Whether the numbers add up: each prompt settled and paid for, none twice, sums equal, and all
   * device time in one row or another.
   */
  public synchronized boolean reconciled() {
    Map<String, Began> began = began();
    return settled()
        && outcome.twice() == 0
        && outcome.costsAgree()
        && outcome.devices().entrySet().stream()
            .allMatch(
                model ->
                    !began.containsKey(model.getKey())
                        || model.getValue().agrees(began.get(model.getKey())));
  }

  /**
   * When the engine of each model that has only one was first held; none while something is in
   * progress, for its time is in no row yet.
   */
  private Map<String, Began> began() {
    Map<String, Began> began = new HashMap<>();
    if (booked()) {
      for (String model : outcome.devices().keySet()) {
        List<Began> subtasks = pipeline.job().began("generate: " + model + " ");
        if (subtasks.size() == 1) {
          began.put(model, subtasks.get(0));
        }
      }
    }
    return began;
  }

  /** Begins to wait until the ledger holds the cost rows that have come. */
  public synchronized void compareLedger() {
    ledger.begin();
  }

  /** Whether it does, count and sum. */
  public synchronized boolean inLedger() throws IOException {
    return ledger.agrees();
  }

  /** One line on how far it is. */
  public synchronized String progress() {
    String phase = wildSent > 0 && wildSent < WILD_PROMPTS ? "  [cost spike: rentals]" : "";
    return Progress.of(outcome.tally(), outcome.tally(), OptionalLong.empty(), elapsed()).line()
        + "  "
        + (trafficOver()
            ? sent.size() - outcome.tally().settled() + " to come"
            : (int) Math.ceil(seconds - elapsed()) + "s of traffic left")
        + phase;
  }

  /** The last screen. */
  public synchronized List<String> report() {
    long wildMs = startMs + (long) (WILD_AT * seconds * 1_000);
    List<String> lines =
        new DemoReport(outcome, sent.size(), elapsed(), startMs, wildMs, began()).lines();
    lines.add("");
    lines.add(ledger.line());
    return lines;
  }

  private double ratePerSecond() {
    return trafficOver() ? TRICKLE_PER_SECOND : PROMPTS_PER_SECOND;
  }

  /** Lets a trickle of prompts go on after the traffic; until this is said nothing follows it. */
  public synchronized void trickle() {
    trickle = true;
    ordinaryDue = 0;
  }

  private void send() {
    double now = elapsed();
    double passed = now - lastStepSeconds;
    lastStepSeconds = now;
    if (!trafficOver() || trickle) {
      // What cannot be sent in time is not caught up with: the pace is a limit, not a promise.
      ordinaryDue = Math.min(ordinaryDue + passed * ratePerSecond(), PROMPTS_PER_SECOND);
      for (; ordinaryDue >= 1 && unanswered() < UNANSWERED_MAX; ordinaryDue--) {
        send(traffic.ordinary());
      }
    }
    double wildSeconds = now - WILD_AT * seconds;
    while (wildSent < WILD_PROMPTS && wildSeconds * WILD_PER_SECOND >= wildSent + 1) {
      send(traffic.wild());
      wildSent++;
    }
  }

  private long unanswered() {
    return sent.size() - outcome.tally().settled();
  }

  private void send(Traffic.Ask ask) {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(
            pipeline.topics().prompts(),
            null,
            utf8(ask.tenant()),
            traffic.line(CUSTOM_ID + sent.size(), ask.body()));
    record.headers().add("tenant", utf8(ask.tenant()));
    sent.add(ask.sample());
    var unused =
        producer.send(
            record,
            (metadata, e) -> {
              if (e != null) {
                failure.compareAndSet(null, e);
              }
            });
  }

  private void take(ConsumerRecord<byte[], byte[]> record) throws IOException {
    if (record.topic().equals(pipeline.topics().responses())) {
      AnswerEvent answer = answers.decode(record);
      int number = Integer.parseInt(answer.customId().substring(CUSTOM_ID.length()));
      outcome.add(answer, sent.get(number));
    } else if (record.topic().equals(pipeline.topics().costs())) {
      CostEvent row = costs.decode(record.value());
      outcome.add(row);
      ledger.add(record.partition(), record.offset(), row);
    } else if (record.topic().equals(pipeline.topics().anomalies())) {
      outcome.add(anomalies.decode(record.value()));
    } else {
      outcome.add(DeadLetterEvent.of(record));
    }
  }

  private double elapsed() {
    return (System.nanoTime() - startNanos) / 1e9;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public synchronized void close() {
    producer.close(Duration.ofSeconds(2));
    reader.close();
  }
}
