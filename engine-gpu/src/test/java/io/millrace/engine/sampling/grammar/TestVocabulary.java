package io.millrace.engine.sampling.grammar;

import io.millrace.engine.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A vocabulary of all bytes and of made-up longer tokens, one of which ends an answer. */
final class TestVocabulary implements Tokenizer {
  static final int END = 256;

  private final List<byte[]> tokens = new ArrayList<>();
  private final boolean hasEnd;

  private TestVocabulary(boolean hasEnd) {
    this.hasEnd = hasEnd;
  }

  /** All bytes, an end, and these texts. */
  static TestVocabulary of(String... texts) {
    TestVocabulary vocabulary = new TestVocabulary(true);
    for (int b = 0; b < 256; b++) {
      vocabulary.tokens.add(new byte[] {(byte) b});
    }
    vocabulary.tokens.add(new byte[0]);
    vocabulary.tokens.add(new byte[0]); // a control token
    for (String text : texts) {
      vocabulary.tokens.add(text.getBytes(StandardCharsets.UTF_8));
    }
    return vocabulary;
  }

  /** Only these texts, without an end. */
  static TestVocabulary only(String... texts) {
    TestVocabulary vocabulary = new TestVocabulary(false);
    for (String text : texts) {
      vocabulary.tokens.add(text.getBytes(StandardCharsets.UTF_8));
    }
    return vocabulary;
  }

  /** With tokens that cross the borders of JSON's own. */
  static TestVocabulary json() {
    List<String> texts =
        new ArrayList<>(
            List.of(
                "{\"",
                "\":",
                "\": ",
                "\",",
                "\", \"",
                "\":\"",
                "\"}",
                "},{",
                "},{\"",
                "\"},{\"",
                "}]",
                "]}",
                "[]",
                "{}",
                "[{\"",
                "true",
                "false",
                "null",
                ",\n  \"",
                "{\n  \"",
                "\n}",
                "  ",
                "    ",
                "12",
                "2026",
                "-1",
                ".5",
                "e1",
                "0.",
                "é",
                "世界",
                "😀",
                "\\n",
                "\\u00",
                "\\ud83d",
                "\\\"",
                "name",
                "a",
                "age",
                "id",
                "value",
                "items",
                "type",
                "ame\":\"",
                "abc",
                "the ",
                " of",
                "1,",
                "1}",
                "1]",
                "\"a\"",
                "[1,2",
                "hello"));
    Random random = new Random(5);
    String alphabet = "abcdeXYZ019 {}[]\",:.-\\/é世";
    for (int i = 0; i < 400; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = 2 + random.nextInt(4); n > 0; n--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      texts.add(text.toString());
    }
    return of(texts.toArray(String[]::new));
  }

  @Override
  public int vocabSize() {
    return tokens.size();
  }

  @Override
  public int[] encode(String text, boolean parseSpecial) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes[i] & 0xff;
    }
    return ids;
  }

  @Override
  public byte[] bytes(int token) {
    return tokens.get(token).clone();
  }

  @Override
  public String piece(int token) {
    return new String(tokens.get(token), StandardCharsets.UTF_8);
  }

  @Override
  public int bosToken() {
    return -1;
  }

  @Override
  public int eosToken() {
    return hasEnd ? END : -1;
  }

  @Override
  public boolean isEndOfGeneration(int token) {
    return hasEnd && token == END;
  }

  @Override
  public boolean addsBos() {
    return false;
  }
}
