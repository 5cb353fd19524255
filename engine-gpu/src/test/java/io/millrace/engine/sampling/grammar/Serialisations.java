package io.millrace.engine.sampling.grammar;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;

/** The ways in which common writers spell one JSON value. */
final class Serialisations {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectMapper ASCII =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private Serialisations() {}

  static List<String> of(JsonNode value) throws JsonProcessingException {
    return List.of(
        JSON.writeValueAsString(value),
        ASCII.writeValueAsString(value),
        indented("  ", "\n").writeValueAsString(value),
        indented("    ", "\r\n").writeValueAsString(value),
        indented("\t", "\n").writeValueAsString(value));
  }

  private static ObjectWriter indented(String indent, String line) {
    DefaultIndenter indenter = new DefaultIndenter(indent, line);
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    printer.indentObjectsWith(indenter);
    printer.indentArraysWith(indenter);
    return JSON.writer(printer);
  }
}
