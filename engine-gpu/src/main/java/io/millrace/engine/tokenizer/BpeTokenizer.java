package io.millrace.engine.tokenizer;

import java.util.List;

/**
 * Byte-level byte-pair encoding, as GPT-2 introduced it.
 *
 * <p>A {@link PreTokenizer} cuts the text into words; the bytes of a word are symbols, and the
 * neighbours whose merge stands highest in the list merge, again and again. Plain text never
 * becomes a control token, not even if the merges could spell one. A byte that no token spells is
 * left out, as llama.cpp and Hugging Face's tokenizers do: older vocabularies lack some control
 * characters.
 */
public final class BpeTokenizer implements VocabularyTokenizer {
  private final Vocabulary vocabulary;
  private final PreTokenizer preTokenizer;
  private final SpecialTokens specialTokens;
  private final Merges merges;
  private final int[] byteSymbols = new int[256];

  /**
   * @param vocabulary the tokens, spelled in {@link ByteLevel} characters
   * @param merges pairs of spellings with a space between, the first to merge first
   * @param preTokenizer name of the rules that cut text into words, as in {@code
   *     tokenizer.ggml.pre}
   * @throws IllegalArgumentException if these do not make a tokenizer
   */
  public BpeTokenizer(Vocabulary vocabulary, List<String> merges, String preTokenizer) {
    this.vocabulary = vocabulary;
    this.preTokenizer =
        PreTokenizer.byName(preTokenizer)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "the pre-tokeniser is not known; known are " + PreTokenizer.names()));
    this.specialTokens = new SpecialTokens(vocabulary);
    this.merges = new Merges(vocabulary, merges);
    for (int b = 0; b < 256; b++) {
      byteSymbols[b] = this.merges.symbol(String.valueOf(ByteLevel.character(b)));
    }
  }

  /** Whether such vocabularies add a begin-of-text token unless they say otherwise. */
  static boolean addsBosByDefault(String preTokenizer) {
    return PreTokenizer.byName(preTokenizer).map(PreTokenizer::addsBos).orElse(false);
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
      String read = Utf8.readAsLlamaCpp(text);
      preTokenizer.split(read, (start, end) -> word(read.substring(start, end)));
    }

    private void word(String word) {
      byte[] bytes = Utf8.bytesAsLlamaCpp(word);
      if (preTokenizer.wholeWordsFirst() && addWhole(bytes)) {
        return;
      }
      int[] units = merger.symbols(bytes.length);
      for (int i = 0; i < bytes.length; i++) {
        units[i] = byteSymbols[bytes[i] & 0xFF];
      }
      merger.merge(
          bytes.length,
          (start, middle, end, left, right) -> merges.merge(left, right),
          (start, end, symbol) -> add(bytes, start, end, symbol));
    }

    private boolean addWhole(byte[] bytes) {
      StringBuilder spelling = new StringBuilder(bytes.length);
      for (byte b : bytes) {
        spelling.append(ByteLevel.character(b & 0xFF));
      }
      int symbol = merges.symbol(spelling.toString());
      if (merges.isToken(symbol)) {
        tokens.add(symbol);
        return true;
      }
      return false;
    }

    private void add(byte[] bytes, int start, int end, int symbol) {
      if (merges.isToken(symbol)) {
        tokens.add(symbol);
        return;
      }
      // Merges led to a spelling that is no token: spell its bytes.
      for (int i = start; i < end; i++) {
        int single = byteSymbols[bytes[i] & 0xFF];
        if (merges.isToken(single)) {
          tokens.add(single);
        }
      }
    }
  }

  @Override
  public byte[] bytes(int token) {
    return switch (vocabulary.type(token)) {
      case CONTROL, UNKNOWN -> new byte[0];
      case USER_DEFINED -> vocabulary.pieceBytes(token);
      case NORMAL, UNUSED, BYTE -> ByteLevel.bytes(vocabulary.piece(token));
    };
  }
}
