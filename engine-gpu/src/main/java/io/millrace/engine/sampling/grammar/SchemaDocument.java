package io.millrace.engine.sampling.grammar;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;

/** A JSON schema as it was sent, and the parts of it that references point to. */
record SchemaDocument(JsonNode root) {
  private static final int DEPTH_MAX = 64;

  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH_MAX)
                          .maxNumberLength(100)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  /**
   * A schema inside the document.
   *
   * @param pointer where it stands, as a JSON pointer; empty for the root
   */
  record SubSchema(JsonNode node, String pointer) {
    SubSchema child(String keyword) {
      return new SubSchema(node.get(keyword), pointer + "/" + escaped(keyword));
    }

    SubSchema child(String keyword, String name) {
      return child(keyword).child(name);
    }

    SubSchema child(String keyword, int index) {
      return new SubSchema(node.get(keyword).get(index), child(keyword).pointer + "/" + index);
    }

    /** Within a document a schema is where it stands. */
    @Override
    public boolean equals(Object other) {
      return other instanceof SubSchema schema && schema.pointer.equals(pointer);
    }

    @Override
    public int hashCode() {
      return pointer.hashCode();
    }

    /** One line that says where. */
    GrammarException error(String what) {
      String where = pointer.isEmpty() ? "at its root" : "at " + pointer;
      return new GrammarException(
          "the JSON schema "
              + (where.length() > 160 ? where.substring(0, 160) + "..." : where)
              + " "
              + what);
    }

    private static String escaped(String name) {
      return name.replace("~", "~0").replace("/", "~1");
    }
  }

  /**
   * @throws GrammarException if it is not JSON, or neither object nor boolean
   */
  static SchemaDocument parse(String text) {
    JsonNode root;
    try {
      root = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new GrammarException(
          "the JSON schema is not valid JSON, or nested more than " + DEPTH_MAX + " deep");
    }
    if (!root.isObject() && !root.isBoolean()) {
      throw new GrammarException("the JSON schema is not an object");
    }
    return new SchemaDocument(root);
  }

  SubSchema whole() {
    return new SubSchema(root, "");
  }

  /**
   * The schema that a reference points to.
   *
   * @throws GrammarException if that is outside the document, or not there
   */
  SubSchema resolve(SubSchema from, String reference) {
    if (!reference.equals("#") && !reference.startsWith("#/")) {
      throw from.error("has a $ref that does not point into the schema itself by #/...");
    }
    String pointer;
    try {
      pointer =
          URLDecoder.decode(reference.substring(1).replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw from.error("has a $ref with a % that is no escape");
    }
    JsonNode node = root.at(pointer);
    if (node.isMissingNode()) {
      throw from.error("has a $ref to what is not there");
    }
    return new SubSchema(node, pointer);
  }
}
