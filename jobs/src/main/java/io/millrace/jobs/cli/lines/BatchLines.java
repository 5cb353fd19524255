package io.millrace.jobs.cli.lines;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The lines of OpenAI's batch output and error files, each with its line feed. */
public final class BatchLines {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int OK = 200;

  private interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  private BatchLines() {}

  /**
   * @param customId the request's own id, or null
   * @param body the chat completion, UTF-8 JSON on one line
   */
  public static byte[] answer(String customId, String requestId, byte[] body) {
    return line(
        customId,
        requestId,
        json -> {
          json.writeObjectFieldStart("response");
          json.writeNumberField("status_code", OK);
          json.writeStringField("request_id", requestId);
          json.writeFieldName("body");
          json.writeRawValue(new String(body, StandardCharsets.UTF_8));
          json.writeEndObject();
          json.writeNullField("error");
        });
  }

  /**
   * @param customId the request's own id, or null
   * @param line its number in the input, from 1
   */
  public static byte[] error(String customId, String requestId, long line, LineError error) {
    return line(
        customId,
        requestId,
        json -> {
          json.writeNullField("response");
          json.writeObjectFieldStart("error");
          json.writeStringField("code", error.code());
          json.writeStringField("message", "line " + line + ": " + error.message());
          json.writeNumberField("line", line);
          json.writeEndObject();
        });
  }

  private static byte[] line(String customId, String requestId, Fields fields) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      json.writeStringField("id", "batch_req_" + requestId);
      json.writeStringField("custom_id", customId);
      fields.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not from memory
    }
    out.write('\n');
    return out.toByteArray();
  }
}
