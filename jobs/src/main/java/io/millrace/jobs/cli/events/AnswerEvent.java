package io.millrace.jobs.cli.events;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.kafka.OpenAiResponseWriter;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.Framing;
import io.millrace.schemas.FramingException;
import io.millrace.schemas.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * One record of the responses topic, JSON or Avro.
 *
 * @param requestId topic-partition-offset of the prompt
 * @param customId the prompt's own id, or null
 * @param tenant who pays
 * @param body the chat completion, UTF-8 JSON on one line
 * @param tree the same, parsed
 */
public record AnswerEvent(
    String requestId, String customId, String tenant, byte[] body, JsonNode tree) {

  /** Reads records of the topic. Not safe for use by several threads. */
  public static final class Decoder {
    private final ObjectMapper json = new ObjectMapper();
    private final AvroCodec<Response> avro = new AvroCodec<>(Response.class);
    private final OpenAiResponseWriter writer = new OpenAiResponseWriter();

    /**
     * @throws UnreadableEventException when the record is no response
     */
    public AnswerEvent decode(ConsumerRecord<byte[], byte[]> record)
        throws UnreadableEventException {
      if (Framing.of(record.value()) != Framing.JSON) {
        Response response = response(record);
        JsonNode tree = writer.write(response);
        return new AnswerEvent(
            response.getRequestId(),
            response.getCustomId(),
            response.getTenant(),
            tree.toString().getBytes(StandardCharsets.UTF_8),
            tree);
      }
      try {
        JsonNode tree = json.readTree(record.value());
        String requestId = Headers.text(record, "millrace.request-id");
        if (requestId == null || !tree.path("choices").isArray()) {
          throw new UnreadableEventException("not a response of Millrace", null);
        }
        return new AnswerEvent(
            requestId,
            Headers.text(record, "millrace.custom-id"),
            Headers.text(record, "millrace.tenant"),
            record.value(),
            tree);
      } catch (JsonProcessingException e) {
        throw new UnreadableEventException("not valid JSON", e);
      } catch (UnreadableEventException e) {
        throw e;
      } catch (IOException e) {
        throw new UncheckedIOException(e); // not from memory
      }
    }

    private Response response(ConsumerRecord<byte[], byte[]> record)
        throws UnreadableEventException {
      try {
        return avro.decode(record.value());
      } catch (FramingException e) {
        throw new UnreadableEventException(e.getMessage(), e);
      }
    }
  }

  public String model() {
    return tree.path("model").asText();
  }

  /** none, hit or coalesced. */
  public String cached() {
    return tree.path("millrace").path("cached").asText();
  }

  /** Whether the answer was generated for another prompt. */
  public boolean reused() {
    return cached().equals("hit") || cached().equals("coalesced");
  }

  public long promptTokens() {
    return tree.path("usage").path("prompt_tokens").asLong();
  }

  public long completionTokens() {
    return tree.path("usage").path("completion_tokens").asLong();
  }

  /** Null where it has no known price. */
  public BigDecimal costUsd() {
    return usd("cost_usd");
  }

  /** Null where that has no known price. */
  public BigDecimal savedUsd() {
    return usd("saved_usd");
  }

  /** From admission to the end. */
  public long totalMs() {
    return tree.path("millrace").path("total_ms").asLong();
  }

  /** The first choice's text; empty without one. */
  public String text() {
    return tree.path("choices").path(0).path("message").path("content").asText();
  }

  /** Why there is no answer, or null when there is one. */
  public String error() {
    return tree.path("error").path("message").asText(null);
  }

  /** Short and machine-readable, with {@link #error}. */
  public String errorCode() {
    return tree.path("error").path("code").asText("error");
  }

  private BigDecimal usd(String field) {
    String amount = tree.path("millrace").path(field).asText("");
    return amount.isEmpty() ? null : new BigDecimal(amount);
  }
}
