package io.millrace.engine.tokenizer;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * SentencePiece's BPE, as in Llama 1 and 2, Mistral and Gemma.
 *
 * <p>The text's characters are symbols; of all neighbours that together spell a token, those with
 * the highest score merge first. Spaces are spelled U+2581. A character that no token spells
 * becomes its UTF-8 bytes' tokens, {@code <0xXX>}, or else the unknown token. Text at the start and
 * after a special token gets a space in front, where the vocabulary says so. Plain text never
 * becomes a control or byte token by its spelling.
 *
 * <p>Source: llama.cpp's {@code llm_tokenizer_spm}, but for the last sentence, which is
 * SentencePiece's own rule. Bytes that are not UTF-8 become their tokens, as there ({@link
 * Symbols}).
 */
public final class SentencePieceTokenizer implements VocabularyTokenizer {
  private final Vocabulary vocabulary;
  private final boolean addsSpacePrefix;
  private final SpecialTokens specialTokens;
  private final Map<String, Integer> tokens = new HashMap<>();
  private final int pieceCharsMax;

  /** Order of each token's score, the highest first; equal scores share a rank. */
  private final int[] ranks;

  private final ByteTokens byteTokens;

  /**
   * @param vocabulary the tokens
   * @param scores each token's score, by id
   * @param addsSpacePrefix whether text gets a space in front
   * @throws IllegalArgumentException if these do not make a tokenizer
   */
  public SentencePieceTokenizer(Vocabulary vocabulary, float[] scores, boolean addsSpacePrefix) {
    if (scores.length != vocabulary.size()) {
      throw new IllegalArgumentException(
          scores.length + " scores for " + vocabulary.size() + " tokens");
    }
    this.vocabulary = vocabulary;
    this.addsSpacePrefix = addsSpacePrefix;
    this.specialTokens = new SpecialTokens(vocabulary);
    this.ranks = ranks(scores);
    this.byteTokens = new ByteTokens(vocabulary);
    int charsMax = 0;
    for (int id = 0; id < vocabulary.size(); id++) {
      String piece = vocabulary.piece(id);
      switch (vocabulary.type(id)) {
        case NORMAL, USER_DEFINED, UNUSED -> {
          tokens.putIfAbsent(piece, id);
          charsMax = Math.max(charsMax, piece.length());
        }
        case BYTE, CONTROL, UNKNOWN -> {}
      }
    }
    this.pieceCharsMax = charsMax;
    if (!byteTokens.complete() && vocabulary.unknownToken() < 0) {
      throw new IllegalArgumentException("neither byte tokens nor a token for unknown text");
    }
  }

  private static int[] ranks(float[] scores) {
    float[] sorted = scores.clone();
    Arrays.sort(sorted);
    Map<Float, Integer> rankOf = new HashMap<>();
    for (int i = 0; i < sorted.length; i++) {
      rankOf.put(sorted[i], sorted.length - 1 - i);
    }
    int[] ranks = new int[scores.length];
    for (int id = 0; id < scores.length; id++) {
      ranks[id] = rankOf.get(scores[id]);
    }
    return ranks;
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public int[] encode(List<TextPart> parts) {
    Encoding encoding = new Encoding();
    specialTokens.partition(parts, encoding);
    return encoding.result.toArray();
  }

  /** One call's state. */
  private final class Encoding implements SpecialTokens.Sink {
    private final TokenList result = new TokenList();
    private final SymbolMerger merger = new SymbolMerger();
    private boolean afterSpecial = true;

    @Override
    public void token(int token) {
      result.add(token);
      afterSpecial = true;
    }

    @Override
    public void text(String text) {
      String prefix = addsSpacePrefix && afterSpecial ? " " : "";
      merge(Symbols.of(ByteTokens.spell(prefix + text)));
      afterSpecial = false;
    }

    private void merge(Symbols text) {
      int[] symbols = merger.symbols(text.count());
      for (int i = 0; i < text.count(); i++) {
        symbols[i] = tokens.getOrDefault(text.between(i, i + 1), -1);
      }
      merger.merge(
          text.count(),
          (start, middle, end, left, right) -> pair(text, start, end),
          (start, end, token) -> add(text, start, end, token));
    }

    private long pair(Symbols text, int start, int end) {
      if (text.starts()[end] - text.starts()[start] > pieceCharsMax) {
        return SymbolMerger.NONE;
      }
      Integer token = tokens.get(text.between(start, end));
      return token == null ? SymbolMerger.NONE : SymbolMerger.merged(ranks[token], token);
    }

    private void add(Symbols text, int start, int end, int token) {
      if (token >= 0) {
        result.add(token);
        return;
      }
      byte[] bytes = Utf8.bytes(text.between(start, end));
      for (byte b : bytes) {
        if (byteTokens.token(b) < 0) {
          result.add(vocabulary.unknownToken());
          return;
        }
      }
      for (byte b : bytes) {
        result.add(byteTokens.token(b));
      }
    }
  }

  @Override
  public byte[] bytes(int token) {
    return ByteTokens.bytes(vocabulary, token);
  }

  @Override
  public boolean addsSpacePrefix() {
    return addsSpacePrefix;
  }
}
