package io.millrace.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import java.util.Set;

/**
 * The tokens that a model knows, and which of them have a role.
 *
 * @param pieces each token's spelling, by id
 * @param types each token's type, by id
 * @param bosToken begin of text, or -1
 * @param eosToken end of text, or -1
 * @param unknownToken what stands for text that nothing spells, or -1
 * @param endOfGeneration tokens that end an answer, besides {@code eosToken} and the well-known
 *     ones, which are always among them
 * @param addsBos whether prompts start with {@code bosToken}
 */
public record Vocabulary(
    List<String> pieces,
    List<TokenType> types,
    int bosToken,
    int eosToken,
    int unknownToken,
    Set<Integer> endOfGeneration,
    boolean addsBos) {

  /** Names that model families give to the end of a turn or of a text. */
  private static final Set<String> END_NAMES =
      Set.of(
          "<|eot_id|>",
          "<|eom_id|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<|endoftext|>",
          "<|end_of_text|>",
          "<end_of_turn>",
          "<end_of_utterance>",
          "<EOT>",
          "_<EOT>",
          "< EOT >",
          "[EOT]",
          "<｜end▁of▁sentence｜>");

  /**
   * @throws IllegalArgumentException if the lists differ in size or an id is not in the vocabulary
   */
  public Vocabulary {
    if (types.size() != pieces.size()) {
      throw new IllegalArgumentException(
          types.size() + " token types for " + pieces.size() + " tokens");
    }
    pieces = List.copyOf(pieces);
    types = withEndsAsControl(pieces, types);
    checkId("begin-of-text", bosToken, pieces.size());
    checkId("end-of-text", eosToken, pieces.size());
    checkId("unknown", unknownToken, pieces.size());
    for (int id : endOfGeneration) {
      checkId("end-of-generation", id, pieces.size());
    }
    endOfGeneration = Set.copyOf(endOfGeneration);
  }

  public int size() {
    return pieces.size();
  }

  String piece(int token) {
    return pieces.get(token);
  }

  TokenType type(int token) {
    return types.get(token);
  }

  byte[] pieceBytes(int token) {
    return pieces.get(token).getBytes(StandardCharsets.UTF_8);
  }

  /** All tokens that end an answer. */
  BitSet ends() {
    BitSet ends = new BitSet(size());
    for (int id = 0; id < size(); id++) {
      if (END_NAMES.contains(pieces.get(id))) {
        ends.set(id);
      }
    }
    endOfGeneration.stream().filter(id -> id >= 0).forEach(ends::set);
    if (eosToken >= 0) {
      ends.set(eosToken);
    }
    return ends;
  }

  /** Some files call their end-of-turn tokens normal; templates still mean the token. */
  private static List<TokenType> withEndsAsControl(List<String> pieces, List<TokenType> types) {
    TokenType[] corrected = types.toArray(TokenType[]::new);
    for (int id = 0; id < corrected.length; id++) {
      if (corrected[id] == TokenType.NORMAL && END_NAMES.contains(pieces.get(id))) {
        corrected[id] = TokenType.CONTROL;
      }
    }
    return List.of(corrected);
  }

  private static void checkId(String role, int id, int size) {
    if (id < -1 || id >= size) {
      throw new IllegalArgumentException(
          "the " + role + " token is " + id + ", but there are " + size + " tokens");
    }
  }
}
