package io.millrace.engine.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A folder's vocabulary, the roles of its tokens and its chat template, as the metadata that GGUF
 * has for them.
 */
final class FolderTokenizer {
  private static final String PREFIX = "tokenizer.ggml.";
  private static final long BYTES_MAX = 16 << 20;
  private static final long TEMPLATE_BYTES_MAX = 1 << 20;

  private final Path folder;
  private final JsonFields config;
  private final JsonFields tokenizerConfig;
  private final JsonFields generation;
  private final TokenizerJson tokenizer;
  private final int vocabSize;
  private final Map<String, GgufValue> values = new LinkedHashMap<>();

  private FolderTokenizer(Path folder, JsonFields config, int vocabSize) throws IOException {
    this.folder = folder;
    this.config = config;
    this.vocabSize = vocabSize;
    tokenizerConfig = optional("tokenizer_config.json");
    generation = optional("generation_config.json");
    Path file = folder.resolve("tokenizer.json");
    if (!Files.exists(file)) {
      throw new GgufFormatException(
          folder + ": there is no tokenizer.json; other tokenizer files are not read");
    }
    tokenizer = TokenizerJson.read(file);
  }

  /**
   * @param config the model's configuration
   * @param vocabSize rows of the embeddings; 0 if there are none
   * @throws GgufFormatException if a file is missing, broken or not supported
   */
  static Map<String, GgufValue> metadata(Path folder, JsonFields config, int vocabSize)
      throws IOException {
    FolderTokenizer folderTokenizer = new FolderTokenizer(folder, config, vocabSize);
    folderTokenizer.tokenizer.addTo(folderTokenizer.values, vocabSize);
    folderTokenizer.roles();
    folderTokenizer.template();
    return folderTokenizer.values;
  }

  private JsonFields optional(String name) throws IOException {
    Path file = folder.resolve(name);
    JsonNode node =
        Files.exists(file)
            ? BoundedJson.object(file, BYTES_MAX)
            : JsonNodeFactory.instance.objectNode();
    return new JsonFields(file.toString(), node);
  }

  private void roles() throws GgufFormatException {
    SortedSet<Integer> ends = new TreeSet<>();
    OptionalInt eos = spelled("eos_token");
    for (JsonFields source : new JsonFields[] {generation, config}) {
      for (int id : ids(source, "eos_token_id")) {
        ends.add(id);
        eos = eos.isPresent() ? eos : OptionalInt.of(id);
      }
    }
    eos.ifPresent(
        id -> {
          ends.add(id);
          put("eos_token_id", GgufValue.ofUint32(id));
        });
    OptionalInt bos = spelled("bos_token");
    for (int id : ids(config, "bos_token_id")) {
      bos = bos.isPresent() ? bos : OptionalInt.of(id);
    }
    bos.ifPresent(id -> put("bos_token_id", GgufValue.ofUint32(id)));
    spelled("unk_token").ifPresent(id -> put("unknown_token_id", GgufValue.ofUint32(id)));
    spelled("pad_token").ifPresent(id -> put("padding_token_id", GgufValue.ofUint32(id)));
    if (ends.size() > 1) {
      // Not a key of llama.cpp's, which has one for each role and guesses others by their names.
      put("eog_token_ids", GgufValue.ofInts(ends.stream().mapToInt(Integer::intValue).toArray()));
    }
    String bosText = spelling("bos_token").orElse("");
    boolean addsBos =
        tokenizerConfig
            .bool("add_bos_token")
            .orElse(!bosText.isEmpty() && tokenizer.startsWith(bosText));
    put("add_bos_token", GgufValue.ofBool(addsBos));
  }

  /** A token of tokenizer_config.json: its spelling, or an object that holds it. */
  private Optional<String> spelling(String role) {
    JsonNode token = tokenizerConfig.node().path(role);
    JsonNode text = token.isObject() ? token.path("content") : token;
    return text.isTextual() ? Optional.of(text.textValue()) : Optional.empty();
  }

  private OptionalInt spelled(String role) {
    return spelling(role).map(tokenizer::id).orElse(OptionalInt.empty());
  }

  /** One id or a list of them. */
  private int[] ids(JsonFields source, String name) throws GgufFormatException {
    JsonNode value = source.node().path(name);
    int[] ids = new int[value.isArray() ? value.size() : source.has(name) ? 1 : 0];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = value.isArray() ? value.get(i) : value;
      source.require(
          id.isInt() && id.intValue() >= 0 && (vocabSize == 0 || id.intValue() < vocabSize),
          name + " must be ids of tokens, 0 to " + (vocabSize - 1));
      ids[i] = id.intValue();
    }
    return ids;
  }

  private void template() throws IOException {
    Optional<String> template = Optional.empty();
    Path jinja = folder.resolve("chat_template.jinja");
    if (Files.exists(jinja)) {
      template = Optional.of(text(jinja));
    } else if (tokenizerConfig.has("chat_template")) {
      template = Optional.of(named(tokenizerConfig));
    } else {
      JsonFields apart = optional("chat_template.json");
      if (apart.has("chat_template")) {
        template = Optional.of(named(apart));
      }
    }
    template.ifPresent(text -> values.put("tokenizer.chat_template", GgufValue.ofString(text)));
  }

  private static String text(Path file) throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) > TEMPLATE_BYTES_MAX) {
      throw new GgufFormatException(
          file + ": not a file of at most " + TEMPLATE_BYTES_MAX + " bytes");
    }
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }

  /** The one template, or the one of several that is called default. */
  private static String named(JsonFields source) throws GgufFormatException {
    JsonNode value = source.node().get("chat_template");
    if (value.isTextual()) {
      return value.textValue();
    }
    for (JsonNode named : value) {
      if (named.path("name").asText().equals("default") && named.path("template").isTextual()) {
        return named.get("template").textValue();
      }
    }
    throw source.error("chat_template is neither text nor a list with one called default");
  }

  private void put(String key, GgufValue value) {
    values.put(PREFIX + key, value);
  }
}
