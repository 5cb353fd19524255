package io.millrace.engine.tokenizer;

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
   * @param text any text
   * @param parseSpecial whether the spelling of a control token (such as {@code <|end|>}) becomes
   *     that token; if not, it is plain text
   * @return token ids, without any begin or end token added
   */
  int[] encode(String text, boolean parseSpecial);

  /**
   * The bytes that a token stands for: UTF-8 as a rule, though a single token may be a part of a
   * character. Empty for control tokens.
   *
   * @throws IndexOutOfBoundsException if the id is not in the vocabulary
   */
  byte[] bytes(int token);

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
