package io.millrace.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Text to token ids and back. Immutable, thread-safe.
 *
 * <p>A token stands for bytes, and a character can span several tokens: {@link
 * IncrementalDetokenizer} turns a growing sequence of tokens into text.
 */
public interface Tokenizer {

  /** Tokens in the vocabulary. */
  int vocabSize();

  /**
   * Encodes text.
   *
   * @param text any text; halves of surrogate pairs have no defined tokens
   * @param parseSpecial whether the spelling of a control token (such as {@code <|end|>}) becomes
   *     that token; if not, it is plain text
   * @return token ids, without any begin or end token added
   */
  int[] encode(String text, boolean parseSpecial);

  /**
   * Encodes a text whose bytes need not all be UTF-8, as llama.cpp does: SentencePiece keeps the
   * others as byte tokens, byte-pair encoders read each as U+FFFD.
   *
   * <p>This default replaces malformed bytes as Java does.
   *
   * @return token ids, without any begin or end token added
   */
  default int[] encode(byte[] utf8, boolean parseSpecial) {
    return encode(new String(utf8, StandardCharsets.UTF_8), parseSpecial);
  }

  /**
   * Encodes the parts as the one text that they make together, except that a control token's
   * spelling becomes that token only if all of it stands in parts with {@code parseSpecial}.
   *
   * <p>This default encodes part by part; it differs from the whole where a token could span two
   * parts.
   *
   * @return token ids, without any begin or end token added
   */
  default int[] encode(List<TextPart> parts) {
    return parts.stream()
        .flatMapToInt(part -> Arrays.stream(encode(part.text(), part.parseSpecial())))
        .toArray();
  }

  /**
   * The bytes that a token stands for: UTF-8 as a rule, though a single token may be a part of a
   * character. Empty for control tokens.
   *
   * @throws IndexOutOfBoundsException if the id is not in the vocabulary
   */
  byte[] bytes(int token);

  /**
   * Whether an encoded text starts with a space that was not in it (SentencePiece). The text of
   * tokens from the very beginning is then one space too long.
   */
  default boolean addsSpacePrefix() {
    return false;
  }

  /** The token's own spelling in the vocabulary, for listings. */
  String piece(int token);

  /** Id of the begin-of-text token, or -1. */
  int bosToken();

  /** Id of the end-of-text token, or -1. */
  int eosToken();

  /** Whether a model ends its answer with this token (the end token or an end-of-turn token). */
  boolean isEndOfGeneration(int token);

  /** Whether encoded prompts start with {@link #bosToken}, unless their template wrote it. */
  boolean addsBos();
}
