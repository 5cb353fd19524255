package io.millrace.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The tokens that a model knows, and which of them have a role.
 *
 * @param pieces each token's spelling, by id
 * @param types each token's type, by id; {@link WellKnownTokens} corrects it by the spelling
 * @param bosToken begin of text, or -1
 * @param eosToken end of text, or -1
 * @param unknownToken what stands for text that nothing spells, or -1
 * @param endOfGeneration tokens that end an answer; {@code eosToken} and the well-known ones are
 *     always among them
 * @param addsBos whether prompts start with {@code bosToken}
 * @param stripsBefore special tokens that swallow white space in front of them
 * @param stripsAfter special tokens that swallow white space behind them
 */
public record Vocabulary(
    List<String> pieces,
    List<TokenType> types,
    int bosToken,
    int eosToken,
    int unknownToken,
    Set<Integer> endOfGeneration,
    boolean addsBos,
    Set<Integer> stripsBefore,
    Set<Integer> stripsAfter) {

  /**
   * @throws IllegalArgumentException if the lists differ in size or an id is not in the vocabulary
   */
  public Vocabulary {
    if (types.size() != pieces.size()) {
      throw new IllegalArgumentException(
          types.size() + " token types for " + pieces.size() + " tokens");
    }
    pieces = List.copyOf(pieces);
    types = WellKnownTokens.types(pieces, types);
    checkId("begin-of-text", bosToken, pieces.size());
    checkId("end-of-text", eosToken, pieces.size());
    checkId("unknown", unknownToken, pieces.size());
    checkIds("end-of-generation", endOfGeneration, pieces.size());
    checkIds("stripping", stripsBefore, pieces.size());
    checkIds("stripping", stripsAfter, pieces.size());
    Set<Integer> ends = new HashSet<>(endOfGeneration);
    ends.addAll(WellKnownTokens.ends(pieces, types));
    ends.add(eosToken);
    ends.remove(-1);
    endOfGeneration = Set.copyOf(ends);
    stripsBefore = Set.copyOf(stripsBefore);
    stripsAfter = Set.copyOf(stripsAfter);
  }

  /** A vocabulary whose special tokens leave white space around them alone. */
  public Vocabulary(
      List<String> pieces,
      List<TokenType> types,
      int bosToken,
      int eosToken,
      int unknownToken,
      Set<Integer> endOfGeneration,
      boolean addsBos) {
    this(
        pieces,
        types,
        bosToken,
        eosToken,
        unknownToken,
        endOfGeneration,
        addsBos,
        Set.of(),
        Set.of());
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

  private static void checkIds(String role, Set<Integer> ids, int size) {
    for (int id : ids) {
      checkId(role, id, size);
    }
  }

  private static void checkId(String role, int id, int size) {
    if (id < -1 || id >= size) {
      throw new IllegalArgumentException(
          "the " + role + " token is " + id + ", but there are " + size + " tokens");
    }
  }
}
