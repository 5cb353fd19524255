package io.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufMetadata;
import io.millrace.engine.gguf.GgufValue;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {

  @Test
  void findsControlTokensOnlyWhereAllowed() {
    Tokenizer llama = VocabFiles.tokenizer("llama-spm");
    assertThat(llama.encode("<s>x</s>", true)).startsWith(1).endsWith(2);
    assertThat(llama.encode("<s>x</s>", false)).doesNotContain(1, 2);
    assertThat(llama.isEndOfGeneration(2)).isTrue();
    assertThat(llama.isEndOfGeneration(1)).isFalse();
    assertThat(llama.addsBos()).isTrue();
    Tokenizer gpt2 = VocabFiles.tokenizer("gpt-2");
    assertThat(gpt2.encode("a<|endoftext|>b", true)).containsExactly(64, 50256, 65);
    assertThat(gpt2.encode("a<|endoftext|>b", false)).doesNotContain(50256);
    assertThat(gpt2.bytes(50256)).isEmpty();
    assertThat(gpt2.addsBos()).isFalse();
  }

  @Test
  void partsAreEncodedAsOneText() {
    Tokenizer gpt2 = VocabFiles.tokenizer("gpt-2");
    List<TextPart> parts = List.of(new TextPart("Hel", true), new TextPart("lo wor", false));
    assertThat(gpt2.encode(parts)).containsExactly(gpt2.encode("Hello wor", false));
  }

  /** Every text comes back, whatever it is. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt-2", "llama-spm"})
  void encodingKeepsTheText(String name) {
    Tokenizer tokenizer = VocabFiles.tokenizer(name);
    Random random = new Random(11);
    int[] alphabet =
        "aeZ '\n\t\r.09<|>_é\u00A0\u3000ß中한🦙\u200D\uFE0F\u0000▁".codePoints().toArray();
    for (int round = 0; round < 500; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(40); i > 0; i--) {
        text.appendCodePoint(alphabet[random.nextInt(alphabet.length)]);
      }
      // SentencePiece cannot tell its own space from a space.
      String expected = name.equals("gpt-2") ? text.toString() : text.toString().replace('▁', ' ');
      int[] ids = tokenizer.encode(text.toString(), false);
      assertThat(IncrementalDetokenizer.decode(tokenizer, ids)).isEqualTo(expected);
    }
  }

  @Test
  void longerSpecialTokensTakeTheirPlacesFirst() {
    Tokenizer tokenizer = bytesAnd(TokenType.USER_DEFINED, "<a", "<a>", "a><b>");
    assertThat(tokenizer.encode("<a><b><a>", false)).containsExactly('<', 258, 257);
    assertThat(tokenizer.encode("<a<a", false)).containsExactly(256, 256);
  }

  @Test
  void mergesNeverSpellAControlToken() {
    Tokenizer tokenizer = bytesAnd(TokenType.CONTROL, "ab");
    assertThat(tokenizer.encode("ab", true)).containsExactly(256);
    assertThat(tokenizer.encode("ab", false)).containsExactly('a', 'b');
  }

  @Test
  void aByteWithoutATokenIsLeftOut() {
    Vocabulary vocabulary = vocabulary(TokenType.NORMAL, "a", "b", "ab");
    Tokenizer tokenizer = new BpeTokenizer(vocabulary, List.of("a b"), "gpt-2");
    assertThat(tokenizer.encode("ab\u0003ba", false)).containsExactly(2, 1, 0);
  }

  @Test
  void specialTokensMaySwallowWhiteSpaceAroundThem() {
    Vocabulary plain = vocabulary(TokenType.CONTROL, "<a>", "<b>");
    List<String> pieces = new ArrayList<>(plain.pieces());
    List<TokenType> types = new ArrayList<>(plain.types());
    for (int b = 0; b < 256; b++) {
      pieces.add(String.valueOf(ByteLevel.character(b)));
      types.add(TokenType.NORMAL);
    }
    Vocabulary vocabulary =
        new Vocabulary(pieces, types, -1, -1, -1, Set.of(), false, Set.of(0), Set.of(1));
    Tokenizer tokenizer = new BpeTokenizer(vocabulary, List.of("a b"), "gpt-2");
    int x = 2 + 'x';
    int space = 2 + ' ';
    assertThat(tokenizer.encode("x \n<a> x", true)).containsExactly(x, 0, space, x);
    assertThat(tokenizer.encode("x <b> \t x <b>\n<a>", true))
        .containsExactly(x, space, 1, x, space, 1, 0);
    assertThat(tokenizer.encode("<b> <a>", false)).hasSize(7);
  }

  @Test
  void phi3IsToldByItsName() throws GgufFormatException {
    Map<String, GgufValue> values = new LinkedHashMap<>();
    values.put("tokenizer.ggml.model", GgufValue.ofString("llama"));
    List<String> pieces = List.of("<unk>", "<s>", "</s>", "▁", "a", "<|user|>");
    values.put("tokenizer.ggml.tokens", GgufValue.ofStrings(pieces));
    values.put("tokenizer.ggml.scores", GgufValue.ofFloats(0, 0, 0, 0, 0, 0));
    values.put("tokenizer.ggml.token_type", GgufValue.ofInts(2, 3, 4, 1, 1, 3));
    values.put("tokenizer.ggml.add_space_prefix", GgufValue.ofBool(false));
    Tokenizer other = Tokenizers.fromGguf(new GgufMetadata("a.gguf", values));
    assertThat(other.encode("<|user|>\n a<s> a", true)).containsExactly(5, 0, 3, 4, 1, 3, 4);
    values.put("general.name", GgufValue.ofString("Phi3"));
    Tokenizer phi = Tokenizers.fromGguf(new GgufMetadata("a.gguf", values));
    assertThat(phi.encode("<|user|>\n a<s> a</s> a", true)).containsExactly(5, 4, 1, 3, 4, 2, 4);
    // "</s>" is user-defined there, and a control token all the same.
    assertThat(phi.encode("</s>", false)).doesNotContain(2);
    assertThat(phi.isEndOfGeneration(2)).isTrue();
  }

  /** SentencePiece's spelling with merges, as in Gemma 4. */
  @Test
  void mergesCharactersWhereTheVocabularyIsOfCharacters() throws GgufFormatException {
    Map<String, GgufValue> values = new LinkedHashMap<>();
    values.put("tokenizer.ggml.model", GgufValue.ofString("gemma4"));
    List<String> pieces =
        List.of("<bos>", "▁", "é", "▁é", "\n", "\n\n", "<0xC3>", "<0x9F>", "<turn|>", "</s>");
    values.put("tokenizer.ggml.tokens", GgufValue.ofStrings(pieces));
    values.put("tokenizer.ggml.token_type", GgufValue.ofInts(3, 1, 1, 1, 1, 1, 6, 6, 3, 1));
    values.put("tokenizer.ggml.merges", GgufValue.ofStrings(List.of("▁ é")));
    values.put("tokenizer.ggml.bos_token_id", GgufValue.ofUint32(0));
    Tokenizer tokenizer = Tokenizers.fromGguf(new GgufMetadata("a.gguf", values));
    assertThat(tokenizer.encode(" éß\n\n é<turn|>", true)).containsExactly(3, 6, 7, 5, 3, 8);
    assertThat(tokenizer.encode("\n\n\n", false)).containsExactly(4, 4, 4);
    assertThat(tokenizer.addsBos()).isTrue();
    assertThat(tokenizer.bytes(3)).isEqualTo(" é".getBytes(StandardCharsets.UTF_8));
    assertThat(tokenizer.bytes(6)).containsExactly(0xC3);
    assertThat(tokenizer.isEndOfGeneration(8)).isTrue();
  }

  @Test
  void knowsTheEndsOfModelFamilies() {
    Vocabulary harmony = vocabulary(TokenType.CONTROL, "<|return|>", "<|call|>", "<|end|>");
    assertThat(harmony.endOfGeneration()).containsExactlyInAnyOrder(0, 1);
    Vocabulary phi = vocabulary(TokenType.NORMAL, "<|end|>", "</s>", "<|endoftext|>");
    assertThat(phi.endOfGeneration()).containsExactlyInAnyOrder(0, 2);
    assertThat(phi.type(0)).isEqualTo(TokenType.CONTROL);
    Vocabulary qwen = vocabulary(TokenType.CONTROL, "<|im_end|>", "<|file_sep|>", "</s>", "x");
    assertThat(qwen.endOfGeneration()).containsExactlyInAnyOrder(0, 1, 2);
  }

  private static Vocabulary vocabulary(TokenType type, String... pieces) {
    List<TokenType> types = Collections.nCopies(pieces.length, type);
    return new Vocabulary(List.of(pieces), types, -1, -1, -1, Set.of(), false);
  }

  private static Tokenizer bytesAnd(TokenType type, String... more) {
    List<String> pieces = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      pieces.add(String.valueOf(ByteLevel.character(b)));
    }
    pieces.addAll(List.of(more));
    List<TokenType> types = new ArrayList<>(Collections.nCopies(256, TokenType.NORMAL));
    types.addAll(Collections.nCopies(more.length, type));
    Vocabulary vocabulary = new Vocabulary(pieces, types, -1, -1, -1, Set.of(), false);
    return new BpeTokenizer(vocabulary, List.of("a b"), "gpt-2");
  }

  /** Inputs on which a quadratic algorithm would take minutes to hours. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt-2", "llama-spm"})
  void longRunsTakeTimeInProportion(String name) {
    Tokenizer tokenizer = VocabFiles.tokenizer(name);
    for (String unit : List.of("a", " ", "\n", "<", "<s>", "\uD800", "a ", "中")) {
      String text = unit.repeat(1_000_000 / unit.length());
      int[] ids = assertTimeout(Duration.ofSeconds(30), () -> tokenizer.encode(text, true));
      assertThat(ids.length).isBetween(1, 3 * text.length());
    }
  }

  @Test
  void saysWhichTokenizersItKnows() {
    assertRefused(Map.of(), "tokenizer.ggml.model");
    assertRefused(Map.of("model", GgufValue.ofString("rwkv")), "known are gpt2, llama and gemma4");
    assertRefused(
        Map.of("model", GgufValue.ofString("gpt2"), "pre", GgufValue.ofString("no-such")),
        "'no-such' is not known; known are");
  }

  @Test
  void refusesInconsistentVocabularies() {
    Map<String, GgufValue> good = new LinkedHashMap<>();
    good.put("model", GgufValue.ofString("llama"));
    good.put("tokens", GgufValue.ofStrings(List.of("<unk>", "<s>", "</s>", "a")));
    good.put("scores", GgufValue.ofFloats(0, 0, 0, 0));
    good.put("token_type", GgufValue.ofInts(2, 3, 3, 1));
    assertRefused(with(good, "scores", GgufValue.ofFloats(0)), "1 scores for 4 tokens");
    assertRefused(with(good, "token_type", GgufValue.ofInts(1)), "1 token types for 4 tokens");
    assertRefused(with(good, "eos_token_id", GgufValue.ofUint32(4)), "eos_token_id is 4");
    assertRefused(with(good, "token_type", GgufValue.ofInts(2, 3, 3, 6)), "not spelled <0xXX>");
    assertRefused(with(good, "tokens", GgufValue.ofString("x")), "must be an array of strings");
    Map<String, GgufValue> bpe = with(good, "model", GgufValue.ofString("gpt2"));
    bpe = with(bpe, "pre", GgufValue.ofString("gpt-2"));
    assertRefused(bpe, "no tokenizer.ggml.merges");
    assertRefused(with(bpe, "merges", GgufValue.ofStrings(List.of("ab"))), "not two spellings");
  }

  private static Map<String, GgufValue> with(
      Map<String, GgufValue> values, String key, GgufValue value) {
    Map<String, GgufValue> changed = new LinkedHashMap<>(values);
    changed.put(key, value);
    return changed;
  }

  private static void assertRefused(Map<String, GgufValue> values, String message) {
    Map<String, GgufValue> prefixed = new LinkedHashMap<>();
    values.forEach((key, value) -> prefixed.put("tokenizer.ggml." + key, value));
    assertThatThrownBy(() -> Tokenizers.fromGguf(new GgufMetadata("a.gguf", prefixed)))
        .isInstanceOf(GgufFormatException.class)
        .hasMessageStartingWith("a.gguf: ")
        .hasMessageContaining(message);
  }
}
