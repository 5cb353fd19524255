package io.millrace.jobs.cli.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.cli.events.AnswerEvent;
import io.millrace.jobs.cli.events.DeadLetterEvent;
import io.millrace.jobs.cli.lines.LineError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What came for a produced line.
 *
 * @param body the chat completion, UTF-8 JSON; null where there is none
 * @param error why there is none; null where there is one
 */
record LineResult(byte[] body, LineError error) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final byte ANSWER = 'A';
  private static final byte ERROR = 'E';

  static LineResult of(LineError error) {
    return new LineResult(null, error);
  }

  static LineResult of(AnswerEvent answer) {
    return answer.error() == null
        ? new LineResult(answer.body(), null)
        : new LineResult(null, new LineError(answer.errorCode(), answer.error()));
  }

  static LineResult of(DeadLetterEvent letter) {
    return new LineResult(null, new LineError(letter.code(), letter.messageOnOneLine()));
  }

  /** As the spool keeps it. */
  byte[] encode() {
    byte[] content =
        body != null
            ? body
            : JSON.createObjectNode()
                .put("code", error.code())
                .put("message", error.message())
                .toString()
                .getBytes(StandardCharsets.UTF_8);
    byte[] entry = new byte[content.length + 1];
    entry[0] = body != null ? ANSWER : ERROR;
    System.arraycopy(content, 0, entry, 1, content.length);
    return entry;
  }

  static LineResult decode(byte[] entry) throws IOException {
    byte[] content = Arrays.copyOfRange(entry, 1, entry.length);
    if (entry[0] == ANSWER) {
      return new LineResult(content, null);
    }
    JsonNode error = JSON.readTree(content);
    return new LineResult(
        null, new LineError(error.path("code").asText(), error.path("message").asText()));
  }
}
