package io.millrace.jobs.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.millrace.jobs.cli.events.CommittedReader;
import io.millrace.jobs.embedded.JobHandle;
import io.millrace.jobs.kafka.KafkaConnection;
import io.millrace.jobs.kafka.Topics;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.PlainJson;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sends prompts, and watches until each has come to its end: its one answer or dead letter. */
final class Outcomes {
  private static final Duration POLL = Duration.ofMillis(200);

  /** Sent before their ends are looked at, so that client memory stays small. */
  private static final int CHUNK = 500;

  private final HostilePrompts prompts;
  private final String bootstrapServers;
  private final Topics topics;
  private final JobHandle job;

  /** Numbers of the records, by request id. */
  private final Map<String, Integer> numbers = new ConcurrentHashMap<>();

  private final BitSet ended = new BitSet();
  private final Map<String, Integer> codes = new TreeMap<>();
  private int answers;
  private int deadLetters;
  private int generateDeadLetters;
  private int pointers;
  private int finalCosts;

  Outcomes(HostilePrompts prompts, String bootstrapServers, Topics topics, JobHandle job) {
    this.prompts = prompts;
    this.bootstrapServers = bootstrapServers;
    this.topics = topics;
    this.job = job;
  }

  /** Sends so many, and returns when all have ended. */
  void run(int records, int recordBytesMax, Duration stallMax) throws Exception {
    AtomicReference<Exception> failure = new AtomicReference<>();
    try (var producer = producer(recordBytesMax);
        var reader =
            new CommittedReader(
                KafkaConnection.plaintext(bootstrapServers),
                List.of(topics.responses(), topics.deadLetters(), topics.costs()),
                CommittedReader.From.BEGINNING)) {
      for (int sent = 0; sent < records; ) {
        for (int end = Math.min(records, sent + CHUNK); sent < end; sent++) {
          send(producer, sent, failure);
        }
        producer.flush();
        assertThat(failure.get()).isNull();
        reader.poll(Duration.ZERO).forEach(this::take);
      }
      awaitEnds(reader, records, stallMax);
    }
  }

  private void send(
      KafkaProducer<byte[], byte[]> producer, int number, AtomicReference<Exception> failure) {
    var unused =
        producer.send(
            prompts.record(number).to(topics.prompts()),
            (metadata, e) -> {
              if (e != null) {
                failure.compareAndSet(null, e);
              } else {
                numbers.put(
                    topics.prompts() + "-" + metadata.partition() + "-" + metadata.offset(),
                    number);
              }
            });
  }

  private void awaitEnds(CommittedReader reader, int records, Duration stallMax) {
    long progress = System.nanoTime();
    while (ended.cardinality() < records || finalCosts < answers + generateDeadLetters) {
      int before = ended.cardinality();
      reader.poll(POLL).forEach(this::take);
      if (ended.cardinality() > before) {
        progress = System.nanoTime();
      } else if (System.nanoTime() - progress > stallMax.toNanos()) {
        int first = ended.nextClearBit(0);
        fail(
            "nothing ended for %d s; the first without an end: number %d, %s; restarts %d, %s",
            stallMax.toSeconds(),
            first,
            first < records ? prompts.record(first).kind() : "none",
            job.restarts(),
            job.failure());
      }
    }
  }

  private void take(ConsumerRecord<byte[], byte[]> record) {
    if (record.topic().equals(topics.responses())) {
      answers++;
      end(header(record, "millrace.request-id"));
    } else if (record.topic().equals(topics.deadLetters())) {
      deadLetters++;
      takeDeadLetter(record);
    } else {
      finalCosts += cost(record).getIsFinal() ? 1 : 0;
    }
  }

  private void takeDeadLetter(ConsumerRecord<byte[], byte[]> letter) {
    String id =
        header(letter, "__connect.errors.topic")
            + "-"
            + header(letter, "__connect.errors.partition")
            + "-"
            + header(letter, "__connect.errors.offset");
    HostilePrompt sent = prompts.record(end(id));
    codes.merge(header(letter, "__connect.errors.exception.class.name"), 1, Integer::sum);
    if (!header(letter, "__connect.errors.stage").equals("admit")) {
      generateDeadLetters++;
    }
    assertThat(header(letter, "millrace.error.kind")).isIn("terminal", "retryable");
    if (header(letter, "millrace.value.omitted") != null) {
      // A pointer: the source position, where the prompt stands as it came.
      pointers++;
      assertThat(letter.value()).isNull();
      assertThat(sent.value()).hasSizeGreaterThan(7 << 20);
      return;
    }
    assertThat(letter.value()).as(id + ": " + sent.kind()).isEqualTo(sent.value());
    assertThat(letter.key()).as(id + ": " + sent.kind()).isEqualTo(sent.key());
  }

  /** Notes that a prompt has come to its end; returns its number. */
  private int end(String requestId) {
    Integer number = numbers.get(requestId);
    assertThat(number).as(requestId + " was never sent").isNotNull();
    assertThat(ended.get(number)).as(requestId + " has ended twice").isFalse();
    ended.set(number);
    return number;
  }

  private static CostEvent cost(ConsumerRecord<byte[], byte[]> record) {
    try {
      return PlainJson.read(record.value(), CostEvent.class);
    } catch (io.millrace.schemas.FramingException e) {
      throw new AssertionError("a cost row that cannot be read", e);
    }
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? null : new String(header.value(), UTF_8);
  }

  private KafkaProducer<byte[], byte[]> producer(int recordBytesMax) {
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", bootstrapServers, "max.request.size", recordBytesMax),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  int answers() {
    return answers;
  }

  int deadLetters() {
    return deadLetters;
  }

  int generateDeadLetters() {
    return generateDeadLetters;
  }

  int finalCosts() {
    return finalCosts;
  }

  /** How many dead letters there are of each code. */
  Map<String, Integer> codes() {
    return codes;
  }

  @Override
  public String toString() {
    return answers
        + " answers, "
        + deadLetters
        + " dead letters ("
        + pointers
        + " as pointers) "
        + codes;
  }
}
