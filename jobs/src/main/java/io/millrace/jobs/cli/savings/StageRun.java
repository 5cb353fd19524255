package io.millrace.jobs.cli.savings;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.jobs.cli.CommandFailure;
import io.millrace.jobs.cli.JobWatch;
import io.millrace.jobs.cli.events.AnswerEvent;
import io.millrace.jobs.cli.events.CommittedReader;
import io.millrace.jobs.cli.events.DeadLetterEvent;
import io.millrace.jobs.cli.events.EventDecoder;
import io.millrace.jobs.cli.traffic.Traffic;
import io.millrace.jobs.embedded.Pipeline;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sends all prompts through a running pipeline at once, and adds up what became of them. */
final class StageRun implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration CLOSE_MAX = Duration.ofSeconds(2);

  private final Pipeline pipeline;
  private final Stage stage;
  private final List<Traffic.Ask> asks;
  private final Traffic traffic;
  private final KafkaProducer<byte[], byte[]> producer;
  private final CommittedReader reader;
  private final AnswerEvent.Decoder answers = new AnswerEvent.Decoder();
  private final EventDecoder<CostEvent> costs = new EventDecoder<>(CostEvent.class);
  private final AtomicReference<Exception> failure = new AtomicReference<>();

  private long answered;
  private long paid;
  private long right;
  private long tokens;
  private long deviceNanos;
  private BigDecimal usd = BigDecimal.ZERO;

  /**
   * @param traffic spells the prompts out
   */
  StageRun(Pipeline pipeline, Stage stage, List<Traffic.Ask> asks, Traffic traffic) {
    this.pipeline = pipeline;
    this.stage = stage;
    this.asks = asks;
    this.traffic = traffic;
    this.reader =
        new CommittedReader(
            pipeline.bootstrapServers(),
            List.of(
                pipeline.topics().responses(),
                pipeline.topics().deadLetters(),
                pipeline.topics().costs()),
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

  /**
   * @param max how long it may take
   */
  StageFigures run(Duration max, Consumer<String> teller) throws IOException {
    long begin = System.nanoTime();
    for (int i = 0; i < asks.size(); i++) {
      send(i);
    }
    JobWatch watch = new JobWatch(pipeline.job(), teller);
    while (answered < asks.size() || paid < asks.size()) {
      for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
        take(record);
      }
      watch.check();
      if (failure.get() != null) {
        throw new IOException("a prompt could not be sent", failure.get());
      }
      if (System.nanoTime() - begin > max.toNanos()) {
        throw CommandFailure.failed(
            stage.name() + ": " + answered + " answers in " + max.toSeconds() + " s");
      }
    }
    return new StageFigures(
        stage,
        answered,
        tokens,
        usd,
        deviceNanos / 1e9,
        (System.nanoTime() - begin) / 1e9,
        Files.size(stage.weights()),
        (double) right / answered);
  }

  private void send(int number) {
    ObjectNode body = asks.get(number).body().deepCopy();
    if (!stage.dedup()) {
      body.put("seed", number); // at temperature 0 it makes two prompts unequal and nothing else
    }
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(
            pipeline.topics().prompts(), traffic.line(Integer.toString(number), body));
    record.headers().add("tenant", asks.get(number).tenant().getBytes(StandardCharsets.UTF_8));
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
    if (record.topic().equals(pipeline.topics().costs())) {
      CostEvent row = costs.decode(record.value());
      if (row.getKind() == CostKind.request) {
        paid += row.getIsFinal() ? 1 : 0;
        deviceNanos += row.getDeviceNanos();
        usd = usd.add(row.getTotalUsd());
      }
    } else if (record.topic().equals(pipeline.topics().responses())) {
      AnswerEvent answer = answers.decode(record);
      Traffic.Ask ask = asks.get(Integer.parseInt(answer.customId()));
      answered++;
      right += ask.sample().isRight(answer.text()) ? 1 : 0;
      tokens += answer.promptTokens() + answer.completionTokens();
    } else {
      throw CommandFailure.failed(
          "a prompt could not be answered: " + DeadLetterEvent.of(record).requestId());
    }
  }

  @Override
  public void close() {
    producer.close(CLOSE_MAX);
    reader.close();
  }
}
