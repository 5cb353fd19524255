package io.millrace.engine.remote;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.engine.RemoteUsage;

/** JSON that a server sent: bounded, and not to be trusted. */
final class StreamJson {
  private static final int DEPTH_MAX = 64;
  private static final int NAME_LENGTH_MAX = 100;

  static final ObjectMapper MAPPER =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder()
                      .maxNestingDepth(DEPTH_MAX)
                      .maxNumberLength(100)
                      .maxStringLength(RemoteLimits.LINE_BYTES_MAX)
                      .build())
              .build());

  private StreamJson() {}

  /**
   * @throws RemoteException if the text is no JSON object
   */
  static JsonNode object(String text) throws RemoteException {
    try {
      JsonNode node = MAPPER.readTree(text);
      if (node != null && node.isObject()) {
        return node;
      }
    } catch (JsonProcessingException e) {
      // Its message quotes the answer.
    }
    throw RemoteException.broken("the answer has an event that is no JSON object");
  }

  /** A text, or null where there is none. */
  static String text(JsonNode node, String field) {
    return node.path(field).isTextual() ? node.path(field).textValue() : null;
  }

  /** A name, which stays in state and rows: of one that is too long, its beginning. */
  static String name(JsonNode node, String field) {
    String name = text(node, field);
    return name == null || name.length() <= NAME_LENGTH_MAX
        ? name
        : name.substring(0, NAME_LENGTH_MAX);
  }

  /** Counts as the server told them, or null if they do not add up: then nobody knows the cost. */
  static RemoteUsage usage(
      long input, long cached, long written, long written1h, long output, long reasoning) {
    try {
      return new RemoteUsage(input, cached, written, written1h, output, reasoning);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
