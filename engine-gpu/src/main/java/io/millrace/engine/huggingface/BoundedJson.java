package io.millrace.engine.huggingface;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.engine.gguf.GgufFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads JSON files of a size that is bounded, and with it the memory they take. */
final class BoundedJson {
  private static final ObjectMapper JSON =
      new ObjectMapper(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(64)
                          .maxNumberLength(100)
                          .maxNameLength(1 << 16)
                          .maxStringLength(1 << 22)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  // Names come from the file: they must not fill a table as old as the JVM.
                  .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private BoundedJson() {}

  /**
   * Reads a file that holds one JSON object.
   *
   * @throws GgufFormatException if it is larger, no JSON, or no object
   * @throws IOException if it cannot be read
   */
  static JsonNode object(Path file, long bytesMax) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new GgufFormatException(file + ": not a file");
    }
    long bytes = Files.size(file);
    if (bytes > bytesMax) {
      throw new GgufFormatException(
          file + ": " + bytes + " bytes; at most " + bytesMax + " are read");
    }
    return object(file.toString(), Files.readAllBytes(file));
  }

  /** The JSON object that these bytes are. */
  static JsonNode object(String file, byte[] bytes) throws IOException {
    try {
      JsonNode node = JSON.readTree(bytes);
      if (!node.isObject()) {
        throw new GgufFormatException(file + ": not a JSON object");
      }
      return node;
    } catch (JsonProcessingException e) {
      GgufFormatException wrong =
          new GgufFormatException(
              file + ": not JSON: " + GgufFormatException.quote(e.getOriginalMessage()));
      wrong.initCause(e);
      throw wrong;
    }
  }
}
