package io.millrace.engine.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufValue;
import io.millrace.engine.tokenizer.TokenType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A {@code tokenizer.json}: a byte-level BPE as GPT-2, Llama 3 and Qwen have it, or SentencePiece's
 * BPE with byte fallback as Llama 2, Mistral and Gemma have it. It becomes the metadata that GGUF
 * has for it, so that one tokenizer serves both.
 *
 * <p>As in llama.cpp, text is not normalised to NFC, even where the file asks for it.
 */
final class TokenizerJson {
  private static final String PREFIX = "tokenizer.ggml.";
  private static final long BYTES_MAX = 64 << 20;
  private static final int TOKENS_MAX = 1 << 22;
  private static final int PIECE_CHARS_MAX = 1 << 14;

  private final JsonFields root;
  private final JsonNode model;
  private final Map<String, Integer> ids = new HashMap<>();
  private String[] pieces = new String[0];
  private int[] types = new int[0];

  private TokenizerJson(JsonFields root) {
    this.root = root;
    this.model = root.node().path("model");
  }

  /**
   * Reads a file.
   *
   * @throws GgufFormatException if it is broken, or a tokenizer of a kind that is not read
   */
  static TokenizerJson read(Path file) throws IOException {
    TokenizerJson tokenizer =
        new TokenizerJson(new JsonFields(file.toString(), BoundedJson.object(file, BYTES_MAX)));
    tokenizer.readVocabulary();
    return tokenizer;
  }

  private void readVocabulary() throws GgufFormatException {
    String type = model.path("type").asText("BPE");
    root.require(
        type.equals("BPE") && model.path("vocab").isObject() && model.path("merges").isArray(),
        "a tokenizer of the model "
            + GgufFormatException.quote(type)
            + " is not supported; BPE with vocab and merges is");
    root.require(
        model.path("continuing_subword_prefix").asText("").isEmpty()
            && model.path("end_of_word_suffix").asText("").isEmpty(),
        "marks inside or at the end of words are not supported");
    int size = 0;
    for (JsonNode id : model.get("vocab")) {
      size = Math.max(size, id(id) + 1);
    }
    for (JsonNode token : root.node().path("added_tokens")) {
      size = Math.max(size, id(token.path("id")) + 1);
    }
    root.require(size > 0, "an empty vocabulary");
    // So that a few lines with large ids cannot ask for much memory.
    int entries = model.get("vocab").size() + root.node().path("added_tokens").size();
    root.require(
        size <= 2L * entries + 65_536, "%d tokens with ids up to %d".formatted(entries, size));
    pieces = new String[size];
    types = new int[size];
    for (Map.Entry<String, JsonNode> entry : model.get("vocab").properties()) {
      put(id(entry.getValue()), entry.getKey(), TokenType.NORMAL);
    }
    for (JsonNode token : root.node().path("added_tokens")) {
      boolean special = token.path("special").asBoolean();
      put(
          id(token.path("id")),
          token.path("content").asText(),
          special ? TokenType.CONTROL : TokenType.USER_DEFINED);
    }
  }

  private int id(JsonNode id) throws GgufFormatException {
    if (!id.isInt() || id.intValue() < 0 || id.intValue() >= TOKENS_MAX) {
      throw root.error("a token's id is " + quote(id.asText()));
    }
    return id.intValue();
  }

  private void put(int id, String piece, TokenType type) throws GgufFormatException {
    if (piece.length() > PIECE_CHARS_MAX) {
      throw root.error("token " + id + " is too long");
    }
    if (pieces[id] != null && !pieces[id].equals(piece)) {
      throw root.error("token " + id + " is both " + quote(pieces[id]) + " and " + quote(piece));
    }
    pieces[id] = piece;
    types[id] = type.number();
    ids.putIfAbsent(piece, id);
  }

  /** The id of a token by its spelling. */
  OptionalInt id(String piece) {
    Integer id = ids.get(piece);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /**
   * Whether the file says that a text starts with this token.
   *
   * <p>That is, whether a template for a single text begins with it.
   */
  boolean startsWith(String token) {
    return startsWith(root.node().path("post_processor"), token);
  }

  private static boolean startsWith(JsonNode processor, String token) {
    for (JsonNode inner : processor.path("processors")) {
      if (startsWith(inner, token)) {
        return true;
      }
    }
    return processor.path("single").path(0).path("SpecialToken").path("id").asText().equals(token);
  }

  /**
   * All of it in GGUF's terms.
   *
   * @param vocabSize rows of the embeddings, to which the vocabulary is filled up; 0 if not known
   */
  void addTo(Map<String, GgufValue> metadata, int vocabSize) throws GgufFormatException {
    root.require(
        vocabSize == 0 || vocabSize >= pieces.length,
        "%d tokens, but embeddings of %d".formatted(pieces.length, vocabSize));
    root.require(vocabSize <= TOKENS_MAX, "embeddings of " + vocabSize + " tokens: too many");
    boolean byteLevel = byteLevel();
    if (!byteLevel) {
      markBytes();
    }
    fill(Math.max(vocabSize, pieces.length));
    Map<String, GgufValue> values = new HashMap<>();
    List<String> merges = merges();
    if (byteLevel) {
      requireNormalizers(List.of("NFC"));
      boolean ignoreMerges = model.path("ignore_merges").asBoolean();
      put(values, "model", GgufValue.ofString("gpt2"));
      put(values, "pre", GgufValue.ofString(PreTokenizerNames.of(root, ignoreMerges)));
      put(values, "merges", GgufValue.ofStrings(merges));
    } else {
      root.require(
          model.path("byte_fallback").asBoolean(),
          "neither a byte-level tokenizer nor one that falls back to bytes");
      requireNormalizers(List.of("Prepend", "Replace"));
      put(values, "model", GgufValue.ofString("llama"));
      put(values, "scores", GgufValue.ofFloats(scores(merges)));
      put(values, "add_space_prefix", GgufValue.ofBool(addsSpacePrefix()));
    }
    put(values, "tokens", GgufValue.ofStrings(Arrays.asList(pieces)));
    put(values, "token_type", GgufValue.ofInts(types));
    metadata.putAll(values);
  }

  private static void put(Map<String, GgufValue> values, String key, GgufValue value) {
    values.put(PREFIX + key, value);
  }

  private boolean byteLevel() {
    return hasStep(root.node().path("pre_tokenizer"), "pretokenizers", "ByteLevel")
        || hasStep(root.node().path("decoder"), "decoders", "ByteLevel");
  }

  private static boolean hasStep(JsonNode step, String list, String type) {
    for (JsonNode inner : step.path(list)) {
      if (hasStep(inner, list, type)) {
        return true;
      }
    }
    return step.path("type").asText().equals(type);
  }

  private void requireNormalizers(List<String> known) throws GgufFormatException {
    for (JsonNode normalizer : normalizers()) {
      String type = normalizer.path("type").asText();
      root.require(
          known.contains(type),
          "the normalizer " + GgufFormatException.quote(type) + " is not supported here");
    }
  }

  private List<JsonNode> normalizers() {
    JsonNode normalizer = root.node().path("normalizer");
    List<JsonNode> all = new ArrayList<>();
    if (normalizer.path("type").asText().equals("Sequence")) {
      normalizer.path("normalizers").forEach(all::add);
    } else if (normalizer.isObject()) {
      all.add(normalizer);
    }
    return all;
  }

  private boolean addsSpacePrefix() {
    JsonNode metaspace = root.node().path("pre_tokenizer");
    boolean byMetaspace =
        metaspace.path("type").asText().equals("Metaspace")
            && !metaspace.path("prepend_scheme").asText("always").equals("never")
            && metaspace.path("add_prefix_space").asBoolean(true);
    return byMetaspace
        || normalizers().stream().anyMatch(n -> n.path("type").asText().equals("Prepend"));
  }

  private void markBytes() {
    for (int id = 0; id < pieces.length; id++) {
      if (pieces[id] != null && pieces[id].matches("<0x[0-9A-Fa-f]{2}>")) {
        types[id] = TokenType.BYTE.number();
      }
    }
    id(model.path("unk_token").asText()).ifPresent(id -> types[id] = TokenType.UNKNOWN.number());
  }

  /** Rows of embeddings without a token get one that never occurs. */
  private void fill(int size) {
    int before = pieces.length;
    pieces = Arrays.copyOf(pieces, size);
    types = Arrays.copyOf(types, size);
    for (int id = 0; id < size; id++) {
      if (id >= before || pieces[id] == null) {
        pieces[id] = "[PAD" + id + "]";
        types[id] = TokenType.UNUSED.number();
      }
    }
  }

  /** Pairs with a space between, whether the file has them so or as lists of two. */
  private List<String> merges() throws GgufFormatException {
    List<String> merges = new ArrayList<>(model.get("merges").size());
    for (JsonNode merge : model.get("merges")) {
      boolean pair = merge.isArray() && merge.size() == 2;
      String text = pair ? merge.get(0).asText() + " " + merge.get(1).asText() : merge.asText();
      int space = text.indexOf(' ', 1);
      boolean whole = space > 0 && space < text.length() - 1;
      if (!(pair || merge.isTextual()) || !whole || text.length() > 2 * PIECE_CHARS_MAX) {
        throw root.error("merge " + merges.size() + " is not two spellings");
      }
      merges.add(text);
    }
    return merges;
  }

  /** SentencePiece merges by the result's score: the earlier the merge, the higher. */
  private float[] scores(List<String> merges) {
    float[] scores = new float[pieces.length];
    boolean[] seen = new boolean[pieces.length];
    for (int rank = 0; rank < merges.size(); rank++) {
      String merge = merges.get(rank);
      int space = merge.indexOf(' ', 1);
      Integer id = ids.get(merge.substring(0, space) + merge.substring(space + 1));
      if (id != null && !seen[id]) {
        seen[id] = true;
        scores[id] = -rank;
      }
    }
    for (int id = 0; id < scores.length; id++) {
      if (!seen[id]) {
        scores[id] = -merges.size();
      }
    }
    return scores;
  }

  private static String quote(String text) {
    return GgufFormatException.quote(text);
  }
}
