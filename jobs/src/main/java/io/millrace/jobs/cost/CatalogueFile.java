package io.millrace.jobs.cost;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A catalogue's text, parsed within bounds and with exact numbers.
 *
 * @param root an object
 * @param version names the edition
 */
record CatalogueFile(JsonNode root, String version) {
  /** LiteLLM's has 1.5 MB. */
  static final long BYTES_MAX = 16 << 20;

  private static final int MODELS_MAX = 100_000;
  private static final int VERSION_CHARS_MAX = 64;
  private static final int DIGEST_CHARS = 12;

  // A name that comes twice counts as it came last: so it does in LiteLLM, whose file has had such.
  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(32)
                          .maxNameLength(1_024)
                          .maxStringLength(1 << 20)
                          .maxNumberLength(100)
                          .build())
                  .build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /**
   * @param name of the file, for messages
   */
  static CatalogueFile read(String name, byte[] text) throws CatalogueException {
    JsonNode root;
    try {
      root = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      String where = e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
      throw new CatalogueException(name + where + ": not JSON within its bounds", e);
    } catch (IOException e) {
      throw new CatalogueException("cannot read " + name, e);
    }
    if (!root.isObject() || root.size() > MODELS_MAX) {
      throw new CatalogueException(
          name
              + " is no price catalogue: a JSON object with an entry for each of at most "
              + MODELS_MAX
              + " models",
          null);
    }
    return new CatalogueFile(root, version(root.path("last_updated").asText(), text));
  }

  private static String version(String date, byte[] text) {
    String digest = "sha256:" + sha256(text).substring(0, DIGEST_CHARS);
    return date.isEmpty() || date.length() > VERSION_CHARS_MAX ? digest : date + " " + digest;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java platform has SHA-256", e);
    }
  }
}
