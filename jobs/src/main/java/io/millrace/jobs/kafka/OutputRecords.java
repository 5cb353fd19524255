package io.millrace.jobs.kafka;

import io.millrace.jobs.MillraceOptions.RecordFormat;
import io.millrace.jobs.cost.Heartbeat;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.Choice;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.PlainJson;
import io.millrace.schemas.Response;
import io.millrace.schemas.ResponseFinishReason;
import io.millrace.schemas.TokenEvent;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.api.common.serialization.SerializationSchema.InitializationContext;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/** How each output stream's elements become Kafka records. */
final class OutputRecords {
  /** Room for headers and framing beside a value at its limit, bytes. */
  private static final int OVERHEAD_BYTES = 16 * 1024;

  private static final int MESSAGE_LENGTH_MAX = 1024;

  private OutputRecords() {}

  /**
   * Key: the prompt's. Headers tell what the OpenAI body has no place for. What would be larger
   * than {@code sizeMax} goes without its logprobs, as a header says, or at last without its
   * choices, as an error: a record that the producer refuses would fail the job again and again.
   */
  static KafkaRecordSerializationSchema<Answer> answers(
      String topic, RecordFormat format, int sizeMax) {
    return new AnswerSchema(topic, format, sizeMax);
  }

  /** Key: the request id, so that a request's events stay in order. */
  static KafkaRecordSerializationSchema<TokenEvent> tokens(String topic, RecordFormat format) {
    return new EventSchema<>(topic, format, TokenEvent.class, TokenEvent::getRequestId);
  }

  /** Key: the tenant. Heartbeats have none: each goes to its partition, if there is one. */
  static KafkaRecordSerializationSchema<CostEvent> costs(String topic, RecordFormat format) {
    return new CostSchema(topic, format);
  }

  /** Key: the anomaly's id, so that its records stay in order. */
  static KafkaRecordSerializationSchema<Anomaly> anomalies(String topic, RecordFormat format) {
    return new EventSchema<>(topic, format, Anomaly.class, Anomaly::getId);
  }

  /**
   * The original bytes with Kafka Connect's headers. What would be larger than {@code sizeMax} goes
   * without its bytes: the headers say where they are.
   */
  static KafkaRecordSerializationSchema<DeadLetter> deadLetters(String topic, int sizeMax) {
    return new DeadLetterSchema(topic, sizeMax);
  }

  private static int length(byte[] bytes) {
    return bytes == null ? 0 : bytes.length;
  }

  private static String abbreviated(String message) {
    return message == null || message.length() <= MESSAGE_LENGTH_MAX
        ? message
        : message.substring(0, MESSAGE_LENGTH_MAX) + "...";
  }

  static void put(Headers headers, String name, String value) {
    if (value != null) {
      headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }
  }

  private record DeadLetterSchema(String topic, int sizeMax) implements OneTopicSchema<DeadLetter> {
    private static final long serialVersionUID = 1L;

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
        DeadLetter letter, KafkaSinkContext context, Long timestamp) {
      int size = length(letter.key()) + length(letter.value()) + OVERHEAD_BYTES;
      boolean fits = size <= sizeMax;
      ProducerRecord<byte[], byte[]> record =
          new ProducerRecord<>(
              topic, null, fits ? letter.key() : null, fits ? letter.value() : null);
      Headers headers = record.headers();
      put(headers, "__connect.errors.topic", letter.topic());
      put(headers, "__connect.errors.partition", Integer.toString(letter.partition()));
      put(headers, "__connect.errors.offset", Long.toString(letter.offset()));
      put(headers, "__connect.errors.stage", letter.stage());
      put(headers, "__connect.errors.exception.class.name", letter.code());
      put(headers, "__connect.errors.exception.message", abbreviated(letter.message()));
      put(headers, "millrace.error.kind", letter.retryable() ? "retryable" : "terminal");
      put(headers, "tenant", letter.tenant());
      put(headers, "traceparent", letter.traceparent());
      put(headers, "deadline", letter.deadline());
      Replays.put(headers, letter.replays());
      if (!fits) {
        put(headers, "millrace.value.omitted", "too large; see the source position");
      }
      return record;
    }
  }

  private static final class AnswerSchema implements OneTopicSchema<Answer> {
    private static final long serialVersionUID = 1L;

    private final String topic;
    private final RecordFormat format;
    private final int sizeMax;
    private transient OpenAiResponseWriter json;
    private transient AvroCodec<Response> avro;

    AnswerSchema(String topic, RecordFormat format, int sizeMax) {
      this.topic = topic;
      this.format = format;
      this.sizeMax = sizeMax;
    }

    @Override
    public String topic() {
      return topic;
    }

    @Override
    public void open(InitializationContext context, KafkaSinkContext sinkContext) {
      json = new OpenAiResponseWriter();
      avro = new AvroCodec<>(Response.class);
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
        Answer answer, KafkaSinkContext context, Long timestamp) {
      Response response = answer.response();
      int valueMax = sizeMax - length(answer.key()) - OVERHEAD_BYTES;
      byte[] value = bytes(response);
      boolean fits = value.length <= valueMax;
      if (!fits) {
        value = bytes(withoutLogprobs(response));
      }
      if (value.length > valueMax) {
        value = bytes(withoutChoices(response));
      }
      ProducerRecord<byte[], byte[]> record =
          new ProducerRecord<>(topic, null, answer.key(), value);
      put(record.headers(), "millrace.request-id", response.getRequestId());
      put(record.headers(), "millrace.custom-id", response.getCustomId());
      put(record.headers(), "millrace.tenant", response.getTenant());
      put(record.headers(), "traceparent", response.getTraceparent());
      put(record.headers(), "millrace.logprobs.omitted", fits ? null : "too large");
      return record;
    }

    private byte[] bytes(Response response) {
      return format == RecordFormat.JSON ? json.bytes(response) : avro.encode(response);
    }

    private static Response withoutLogprobs(Response response) {
      return Response.newBuilder(response)
          .setChoices(
              response.getChoices().stream()
                  .map(choice -> Choice.newBuilder(choice).setLogprobs(null).build())
                  .toList())
          .build();
    }

    private static Response withoutChoices(Response response) {
      return Response.newBuilder(response)
          .setChoices(List.of())
          .setFinishReason(ResponseFinishReason.error)
          .setError("the answer does not fit into a record")
          .build();
    }
  }

  /** Names the record key of an event. */
  private interface KeyOf<T> extends Function<T, String>, Serializable {}

  private static class EventSchema<T extends SpecificRecord> implements OneTopicSchema<T> {
    private static final long serialVersionUID = 1L;

    private final String topic;
    private final RecordFormat format;
    private final Class<T> type;
    private final KeyOf<T> key;
    private transient AvroCodec<T> avro;

    EventSchema(String topic, RecordFormat format, Class<T> type, KeyOf<T> key) {
      this.topic = topic;
      this.format = format;
      this.type = type;
      this.key = key;
    }

    @Override
    public String topic() {
      return topic;
    }

    @Override
    public void open(InitializationContext context, KafkaSinkContext sinkContext) {
      avro = new AvroCodec<>(type);
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
        T event, KafkaSinkContext context, Long timestamp) {
      String name = key.apply(event);
      return new ProducerRecord<>(
          topic, null, name == null ? null : name.getBytes(StandardCharsets.UTF_8), bytes(event));
    }

    final byte[] bytes(T event) {
      return format == RecordFormat.JSON ? PlainJson.write(event) : avro.encode(event);
    }
  }

  private static final class CostSchema extends EventSchema<CostEvent> {
    private static final long serialVersionUID = 1L;

    CostSchema(String topic, RecordFormat format) {
      super(topic, format, CostEvent.class, CostEvent::getTenant);
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
        CostEvent row, KafkaSinkContext context, Long timestamp) {
      if (!Heartbeat.is(row)) {
        return super.serialize(row, context, timestamp);
      }
      int[] partitions = context.getPartitionsForTopic(topic()); // asked for once
      int number = Heartbeat.partition(row);
      return number >= partitions.length
          ? null
          : new ProducerRecord<>(
              topic(), partitions[number], null, bytes(Heartbeat.forReaders(row)));
    }
  }
}
