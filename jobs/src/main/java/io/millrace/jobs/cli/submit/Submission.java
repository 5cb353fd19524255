package io.millrace.jobs.cli.submit;

import io.millrace.jobs.cli.events.AnswerEvent;
import io.millrace.jobs.cli.events.CommittedReader;
import io.millrace.jobs.cli.events.DeadLetterEvent;
import io.millrace.jobs.cli.events.UnreadableEventException;
import io.millrace.jobs.cli.lines.BatchLines;
import io.millrace.jobs.cli.lines.InputLine;
import io.millrace.jobs.cli.lines.InputLines;
import io.millrace.jobs.kafka.KafkaConnection;
import io.millrace.jobs.kafka.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sends lines to a topic, and finds the answers to them among all others. */
public final class Submission {
  private static final int LINE_BYTES_MAX = 8 << 20;
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration ACKNOWLEDGED_MAX = Duration.ofSeconds(30);

  private final KafkaConnection connection;
  private final String topic;
  private final byte[] tenant;

  /** Line numbers of the prompts that are not answered yet, by request id. */
  private final Map<String, Long> waiting = new ConcurrentHashMap<>();

  /**
   * How a submission ended.
   *
   * @param answers prompts with an answer
   * @param errors prompts without one
   * @param missing prompts that were still waiting when the time was over
   */
  public record Outcome(long answers, long errors, long missing) {}

  /**
   * @param tenant who pays; null leaves it to the prompts
   */
  public Submission(KafkaConnection connection, String topic, String tenant) {
    this.connection = connection;
    this.topic = topic;
    this.tenant = tenant == null ? null : tenant.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Sends every line that is not blank and returns how many those were, when all are on the broker.
   *
   * @throws IOException when a line cannot be sent; those before it are
   */
  public long send(InputStream in) throws IOException {
    return send(in, false);
  }

  /**
   * Sends all, and waits until each has an answer or a dead letter.
   *
   * @param max longest wait after the last was sent
   * @param answers gets a line of JSON for each answer
   * @param problems gets a line for each prompt without one
   */
  public Outcome sendAndWait(
      InputStream in,
      Topics topics,
      Duration max,
      Consumer<byte[]> answers,
      Consumer<String> problems)
      throws IOException {
    try (CommittedReader reader =
        new CommittedReader(
            connection,
            List.of(topics.responses(), topics.deadLetters()),
            CommittedReader.From.NOW)) {
      send(in, true);
      AnswerEvent.Decoder decoder = new AnswerEvent.Decoder();
      long answered = 0;
      long failed = 0;
      long begin = System.nanoTime();
      while (!waiting.isEmpty() && System.nanoTime() - begin < max.toNanos()) {
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
          if (!record.topic().equals(topics.responses())) {
            failed += refused(DeadLetterEvent.of(record), problems) ? 1 : 0;
            continue;
          }
          AnswerEvent answer = decoder.decode(record);
          Long line = waiting.remove(answer.requestId());
          if (line != null && answer.error() == null) {
            answered++;
            answers.accept(shaped(answer));
          } else if (line != null) {
            failed++;
            problems.accept("line " + line + ": " + answer.error());
          }
        }
      }
      return new Outcome(answered, failed, waiting.size());
    } catch (UnreadableEventException e) {
      throw new IOException("an answer cannot be read: " + e.getMessage(), e);
    }
  }

  private boolean refused(DeadLetterEvent letter, Consumer<String> problems) {
    Long line = waiting.remove(letter.requestId());
    if (line != null) {
      problems.accept("line " + line + ": " + letter.messageOnOneLine());
    }
    return line != null;
  }

  /** In the shape of the question. */
  private static byte[] shaped(AnswerEvent answer) {
    if (answer.customId() == null) {
      return answer.body();
    }
    byte[] line = BatchLines.answer(answer.customId(), answer.requestId(), answer.body());
    return java.util.Arrays.copyOf(line, line.length - 1); // the receiver ends lines
  }

  private long send(InputStream in, boolean remember) throws IOException {
    Exception[] failure = new Exception[1];
    long count = 0;
    try (KafkaProducer<byte[], byte[]> producer = producer();
        InputLines lines = new InputLines(in, LINE_BYTES_MAX)) {
      for (InputLine line = lines.next(); line != null; line = lines.next()) {
        if (line.blank()) {
          continue;
        }
        if (line.bytes() == null) {
          throw new IOException(
              "line "
                  + line.number()
                  + " has "
                  + line.length()
                  + " bytes, at most "
                  + LINE_BYTES_MAX
                  + " can be sent");
        }
        send(producer, line, remember, failure);
        count++;
      }
      producer.flush();
    } catch (KafkaException e) {
      // A producer that was refused once takes nothing more, and says why only in the cause.
      throw notSent(e.getCause() instanceof AuthorizationException refused ? refused : e);
    }
    synchronized (failure) {
      if (failure[0] != null) {
        throw notSent(failure[0]);
      }
    }
    return count;
  }

  private IOException notSent(Exception e) {
    return new IOException(
        e instanceof AuthorizationException
            ? "this user may not write to " + topic
            : "not all prompts could be sent",
        e);
  }

  private void send(
      KafkaProducer<byte[], byte[]> producer,
      InputLine line,
      boolean remember,
      Exception[] failure) {
    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, line.bytes());
    if (tenant != null) {
      record.headers().add("tenant", tenant);
    }
    var unused =
        producer.send(
            record,
            (metadata, e) -> {
              if (e != null) {
                synchronized (failure) {
                  failure[0] = e;
                }
              } else if (remember) {
                waiting.put(
                    topic + "-" + metadata.partition() + "-" + metadata.offset(), line.number());
              }
            });
  }

  private KafkaProducer<byte[], byte[]> producer() {
    return new KafkaProducer<>(
        connection.with(
            Map.of(
                ProducerConfig.ACKS_CONFIG,
                "all",
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                LINE_BYTES_MAX + (64 << 10),
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                (int) ACKNOWLEDGED_MAX.toMillis(),
                ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                (int) ACKNOWLEDGED_MAX.toMillis() / 2)),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }
}
