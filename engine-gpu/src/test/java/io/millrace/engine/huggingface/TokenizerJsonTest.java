package io.millrace.engine.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.engine.ModelFile;
import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufMetadata;
import io.millrace.engine.gguf.GgufValue;
import io.millrace.engine.tokenizer.ChatMessage;
import io.millrace.engine.tokenizer.TokenType;
import io.millrace.engine.tokenizer.Tokenizer;
import io.millrace.engine.tokenizer.Tokenizers;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerJsonTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path temp;

  /** A vocabulary of a GGUF file, written as Hugging Face would write it, gives the same ids. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt-2", "llama-spm"})
  void readsWhatIsTheSameInGguf(String name) throws IOException {
    GgufMetadata original = vocabulary(name);
    Tokenizer expected = Tokenizers.fromGguf(original);
    ObjectNode json = name.equals("gpt-2") ? byteLevel(original) : sentencePiece(original);
    Tokenizer tokenizer = read(json);
    assertThat(tokenizer.vocabSize()).isEqualTo(expected.vocabSize());
    List<String> texts = new ArrayList<>(texts(name));
    texts.addAll(randomTexts());
    assertThat(texts).hasSizeGreaterThan(500);
    for (String text : texts) {
      assertThat(tokenizer.encode(text, false)).as(text).isEqualTo(expected.encode(text, false));
      assertThat(tokenizer.encode(text, true)).as(text).isEqualTo(expected.encode(text, true));
    }
    for (int id = 0; id < expected.vocabSize(); id++) {
      assertThat(tokenizer.bytes(id)).isEqualTo(expected.bytes(id));
    }
  }

  private static ObjectNode byteLevel(GgufMetadata original) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    vocabulary(root, original);
    ArrayNode merges = ((ObjectNode) root.get("model")).putArray("merges");
    boolean asPairs = true; // both forms are in use
    for (String merge : original.strings("tokenizer.ggml.merges").orElseThrow()) {
      int space = merge.indexOf(' ', 1);
      if (asPairs) {
        merges.addArray().add(merge.substring(0, space)).add(merge.substring(space + 1));
      } else {
        merges.add(merge);
      }
      asPairs = !asPairs;
    }
    root.putObject("pre_tokenizer").put("type", "ByteLevel").put("add_prefix_space", false);
    root.putObject("decoder").put("type", "ByteLevel");
    return root;
  }

  /** Merges are not in SentencePiece's files: transformers makes them of the scores. */
  private static ObjectNode sentencePiece(GgufMetadata original) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    vocabulary(root, original);
    ObjectNode model = (ObjectNode) root.get("model");
    model.put("byte_fallback", true).put("unk_token", "<unk>");
    List<String> pieces = original.strings("tokenizer.ggml.tokens").orElseThrow();
    float[] scores = original.floats("tokenizer.ggml.scores").orElseThrow();
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < pieces.size(); id++) {
      ids.put(pieces.get(id), id);
    }
    List<Object[]> merges = new ArrayList<>(); // score, left, right
    for (int id = 259; id < pieces.size(); id++) {
      String piece = pieces.get(id);
      for (int cut = 1; cut < piece.length(); cut++) {
        String left = piece.substring(0, cut);
        String right = piece.substring(cut);
        if (ids.containsKey(left) && ids.containsKey(right)) {
          merges.add(new Object[] {scores[id], left, right});
        }
      }
    }
    merges.sort(Comparator.comparing(merge -> -(Float) merge[0]));
    ArrayNode array = model.putArray("merges");
    merges.forEach(merge -> array.add(merge[1] + " " + merge[2]));
    ArrayNode normalizers =
        root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    normalizers.addObject().put("type", "Prepend").put("prepend", "▁");
    normalizers
        .addObject()
        .put("type", "Replace")
        .put("content", "▁")
        .putObject("pattern")
        .put("String", " ");
    return root;
  }

  private static void vocabulary(ObjectNode root, GgufMetadata original) throws IOException {
    ObjectNode vocab = root.putObject("model").put("type", "BPE").putObject("vocab");
    ArrayNode added = root.putArray("added_tokens");
    List<String> pieces = original.strings("tokenizer.ggml.tokens").orElseThrow();
    int[] types = original.ints("tokenizer.ggml.token_type").orElseThrow();
    for (int id = 0; id < types.length; id++) {
      vocab.put(pieces.get(id), id);
      if (types[id] == TokenType.CONTROL.number() || types[id] == TokenType.UNKNOWN.number()) {
        added.addObject().put("id", id).put("content", pieces.get(id)).put("special", true);
      }
    }
  }

  private Tokenizer read(ObjectNode json) throws IOException {
    Path file = temp.resolve("tokenizer.json");
    Files.write(file, JSON.writeValueAsBytes(json));
    Map<String, GgufValue> values = new LinkedHashMap<>();
    TokenizerJson.read(file).addTo(values, 0);
    return Tokenizers.fromGguf(new GgufMetadata(file.toString(), values));
  }

  private GgufMetadata vocabulary(String name) throws IOException {
    try (InputStream in = new GZIPInputStream(resource("/vocab/ggml-vocab-" + name + ".gguf.gz"))) {
      Path file = Files.write(temp.resolve("vocab.gguf"), in.readAllBytes());
      try (GgufFile gguf = GgufFile.open(file)) {
        return gguf.metadata();
      }
    }
  }

  private static List<String> texts(String name) throws IOException {
    try (InputStream in = resource("/vocab/ggml-vocab-" + name + ".gguf.inp")) {
      String all = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return List.of(all.split("\n__ggml_vocab_test__\n", -1));
    }
  }

  private static InputStream resource(String name) {
    return TokenizerJsonTest.class.getResourceAsStream(name);
  }

  private static List<String> randomTexts() {
    Random random = new Random(1);
    String[] parts = {
      "the",
      " quick",
      "  ",
      "\n",
      "\t",
      "Äpfel",
      "123",
      "4567",
      "'s",
      "'LL",
      "日本語",
      "👩‍👩‍👧",
      "é",
      "<s>",
      "</s>",
      "<|endoftext|>",
      "▁",
      "...",
      "?!",
      "и",
      "\u200b",
      "x".repeat(40)
    };
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12); n >= 0; n--) {
        text.append(parts[random.nextInt(parts.length)]);
      }
      texts.add(text.toString());
    }
    return texts;
  }

  @Test
  void tokensHaveTheirRolesAndTheTemplateIsFound() throws Exception {
    ToyFolder toy = ToyFolder.llama();
    toy.tokenizerConfig.put("bos_token", "<s>");
    toy.tokenizerConfig.putObject("eos_token").put("content", "</s>");
    toy.tokenizerConfig.put("chat_template", "{{ bos_token }}U:{{ messages[0].content }}");
    toy.tokenizer
        .putObject("post_processor")
        .put("type", "TemplateProcessing")
        .putArray("single")
        .addObject()
        .putObject("SpecialToken")
        .put("id", "<s>");
    Path folder = toy.write(temp.resolve("toy"));
    Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [260, 261]}");
    try (ModelFile file = ModelFile.open(folder)) {
      Tokenizer tokenizer = file.tokenizer();
      assertThat(tokenizer.bosToken()).isEqualTo(259);
      assertThat(tokenizer.eosToken()).isEqualTo(260);
      assertThat(tokenizer.isEndOfGeneration(260)).isTrue();
      assertThat(tokenizer.isEndOfGeneration(261)).isTrue();
      assertThat(tokenizer.isEndOfGeneration(259)).isFalse();
      assertThat(tokenizer.addsBos()).isTrue();
      assertThat(tokenizer.encode("<turn>", true)).containsExactly(261);
      assertThat(file.prompts().encode(List.of(new ChatMessage("user", "hell"))))
          .containsExactly(259, 'U', ':', 258);
      assertThat(tokenizer.piece(262)).isEqualTo("[PAD262]");
    }
    Files.writeString(folder.resolve("chat_template.jinja"), "V:{{ messages[0].content }}");
    try (ModelFile file = ModelFile.open(folder)) {
      assertThat(file.prompts().encode(List.of(new ChatMessage("user", "hell"))))
          .containsExactly(259, 'V', ':', 258);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model {'type':'Unigram'} of the model 'Unigram' is not supported",
        "model {'type':'BPE','vocab':{'a':-1},'merges':[]} a token's id is '-1'",
        "model {'type':'BPE','vocab':{'a':4000000},'merges':[]} tokens with ids up to 4000001",
        "model {'type':'BPE','vocab':{'a':0,'b':0},'merges':[]} token 0 is both 'a' and 'b'",
        "model {'type':'BPE','vocab':{'a':0},'merges':['a']} merge 0 is not two spellings",
        "model {'type':'BPE','vocab':{'a':0},'merges':[['a','b','c']]} merge 0 is not two",
        "normalizer {'type':'Lowercase'} the normalizer 'Lowercase' is not supported here",
        "pre_tokenizer {'type':'ByteLevel','add_prefix_space':true} adds a space in front",
        "pre_tokenizer {'type':'Sequence','pretokenizers':[{'type':'Whitespace'}]} is not known",
        "decoder null neither a byte-level tokenizer",
      })
  void refusesInOneLine(String text) throws IOException {
    String[] parts = text.split(" ", 3);
    ObjectNode json = new ToyFolder("LlamaForCausalLM").tokenizer;
    json.set(parts[0], JSON.readTree(parts[1].replace('\'', '"')));
    if (parts[0].equals("decoder")) {
      json.remove("pre_tokenizer");
    }
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(GgufFormatException.class)
        .hasMessageStartingWith(temp.resolve("tokenizer.json").toString())
        .hasMessageContaining(parts[2]);
  }
}
