package io.millrace.engine.tokenizer;

import java.util.List;

/**
 * Byte-pair encoding over characters, as in Gemma 4: SentencePiece's spelling with merges in the
 * place of scores.
 *
 * <p>Spaces are spelled U+2581; the only words are lines and runs of line breaks. A character that
 * no token spells becomes its UTF-8 bytes' tokens, {@code <0xXX>}, as far as there are any. Plain
 * text never becomes a control token.
 */
public final class CharacterBpeTokenizer implements VocabularyTokenizer {
  private static final PreTokenizer LINES =
      new PreTokenizer(List.of(SplitRule.literal("[^\\n]+|\\n+")), false, false);

  private final Vocabulary vocabulary;
  private final boolean wholeLineBreaks;
  private final SpecialTokens specialTokens;
  private final Merges merges;
  private final ByteTokens byteTokens;

  /**
   * @param vocabulary the tokens
   * @param merges pairs of spellings with a space between, the first to merge first
   * @param wholeLineBreaks whether a run of line breaks that is a token is taken without merging
   * @throws IllegalArgumentException if these do not make a tokenizer
   */
  public CharacterBpeTokenizer(
      Vocabulary vocabulary, List<String> merges, boolean wholeLineBreaks) {
    this.vocabulary = vocabulary;
    this.wholeLineBreaks = wholeLineBreaks;
    this.specialTokens = new SpecialTokens(vocabulary);
    this.merges = new Merges(vocabulary, merges);
    this.byteTokens = new ByteTokens(vocabulary);
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public int[] encode(List<TextPart> parts) {
    Encoding encoding = new Encoding();
    specialTokens.partition(parts, encoding);
    return encoding.tokens.toArray();
  }

  /** One call's state. */
  private final class Encoding implements SpecialTokens.Sink {
    private final TokenList tokens = new TokenList();
    private final SymbolMerger merger = new SymbolMerger();

    @Override
    public void token(int token) {
      tokens.add(token);
    }

    @Override
    public void text(String text) {
      String spelled = ByteTokens.spell(Utf8.readAsLlamaCpp(text));
      LINES.split(spelled, (start, end) -> word(spelled.substring(start, end)));
    }

    private void word(String word) {
      if (wholeLineBreaks && word.charAt(0) == '\n' && merges.isToken(merges.symbol(word))) {
        tokens.add(merges.symbol(word));
        return;
      }
      int units = word.codePointCount(0, word.length());
      int[] symbols = merger.symbols(units);
      int[] starts = new int[units + 1]; // where each character starts in the word
      for (int i = 0; i < units; i++) {
        starts[i + 1] = word.offsetByCodePoints(starts[i], 1);
        symbols[i] = merges.symbol(word.substring(starts[i], starts[i + 1]));
      }
      merger.merge(
          units,
          (start, middle, end, left, right) -> merges.merge(left, right),
          (start, end, symbol) -> add(word.substring(starts[start], starts[end]), symbol));
    }

    private void add(String spelling, int symbol) {
      if (merges.isToken(symbol)) {
        tokens.add(symbol);
        return;
      }
      for (byte b : Utf8.bytesAsLlamaCpp(spelling)) {
        if (byteTokens.token(b) >= 0) {
          tokens.add(byteTokens.token(b));
        }
      }
    }
  }

  @Override
  public byte[] bytes(int token) {
    return ByteTokens.bytes(vocabulary, token);
  }
}
