package io.millrace.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Byte-level byte-pair encoding, as GPT-2 introduced it.
 *
 * <p>A {@link PreTokenizer} cuts the text into words; the bytes of a word are symbols, and the
 * neighbours whose merge stands highest in the list merge, again and again. Plain text never
 * becomes a control token, not even if the merges could spell one.
 */
public final class BpeTokenizer implements Tokenizer {
  /** Bytes that well-formed UTF-8 never has. */
  private static final String NEVER_IN_UTF8 = "\u00C0\u00C1\u00F5\u00F6\u00F7";

  private final Vocabulary vocabulary;
  private final PreTokenizer preTokenizer;
  private final SpecialTokens specialTokens;
  private final BitSet ends;

  /**
   * Symbols by spelling. Ids below the vocabulary's size are tokens; those above are spellings that
   * only occur on the way to a token.
   */
  private final Map<String, Integer> symbols = new HashMap<>();

  private final int[] byteSymbols = new int[256];

  /** Left symbol and right symbol to {@link SymbolMerger#merged}. */
  private final LongLongMap merges;

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
    this.ends = vocabulary.ends();
    for (int id = 0; id < vocabulary.size(); id++) {
      TokenType type = vocabulary.type(id);
      if (type != TokenType.CONTROL && type != TokenType.UNKNOWN) {
        symbols.putIfAbsent(vocabulary.piece(id), id);
      }
    }
    for (int b = 0; b < 256; b++) {
      byteSymbols[b] = symbol(String.valueOf(ByteLevel.character(b)));
      boolean needed = NEVER_IN_UTF8.indexOf(b) < 0 && b < 0xF8;
      if (needed && byteSymbols[b] >= vocabulary.size() && vocabulary.unknownToken() < 0) {
        throw new IllegalArgumentException(
            String.format("no token spells the byte 0x%02X, and none stands for unknown text", b));
      }
    }
    this.merges = new LongLongMap(merges.size());
    for (int rank = 0; rank < merges.size(); rank++) {
      addMerge(merges.get(rank), rank);
    }
  }

  private void addMerge(String merge, int rank) {
    int space = merge.indexOf(' ', 1);
    if (space < 0 || space == merge.length() - 1) {
      throw new IllegalArgumentException("merge " + rank + " is not two spellings");
    }
    String left = merge.substring(0, space);
    String right = merge.substring(space + 1);
    long merged = SymbolMerger.merged(rank, symbol(left + right));
    merges.putIfAbsent(pair(symbol(left), symbol(right)), merged);
  }

  private int symbol(String spelling) {
    return symbols.computeIfAbsent(spelling, s -> vocabulary.size() + symbols.size());
  }

  private static long pair(int left, int right) {
    return (long) left << 32 | right;
  }

  /** Whether such vocabularies add a begin-of-text token unless they say otherwise. */
  static boolean addsBosByDefault(String preTokenizer) {
    return PreTokenizer.byName(preTokenizer).map(PreTokenizer::addsBos).orElse(false);
  }

  @Override
  public int[] encode(String text, boolean parseSpecial) {
    return encode(List.of(new TextPart(text, parseSpecial)));
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
      preTokenizer.split(text, (start, end) -> word(text.substring(start, end)));
    }

    private void word(String word) {
      byte[] bytes = Utf8.encode(word);
      if (preTokenizer.wholeWordsFirst() && addWhole(bytes)) {
        return;
      }
      int[] units = merger.symbols(bytes.length);
      for (int i = 0; i < bytes.length; i++) {
        units[i] = byteSymbols[bytes[i] & 0xFF];
      }
      merger.merge(
          bytes.length,
          (start, middle, end, left, right) -> merges.get(pair(left, right)),
          (start, end, symbol) -> add(bytes, start, end, symbol));
    }

    private boolean addWhole(byte[] bytes) {
      StringBuilder spelling = new StringBuilder(bytes.length);
      for (byte b : bytes) {
        spelling.append(ByteLevel.character(b & 0xFF));
      }
      int symbol = symbols.getOrDefault(spelling.toString(), Integer.MAX_VALUE);
      if (symbol < vocabulary.size()) {
        tokens.add(symbol);
        return true;
      }
      return false;
    }

    private void add(byte[] bytes, int start, int end, int symbol) {
      if (symbol < vocabulary.size()) {
        tokens.add(symbol);
        return;
      }
      // Merges led to a spelling that is no token: spell its bytes.
      for (int i = start; i < end; i++) {
        int single = byteSymbols[bytes[i] & 0xFF];
        tokens.add(single < vocabulary.size() ? single : vocabulary.unknownToken());
      }
    }
  }

  @Override
  public byte[] bytes(int token) {
    return switch (vocabulary.type(token)) {
      case CONTROL, UNKNOWN -> new byte[0];
      case USER_DEFINED -> vocabulary.piece(token).getBytes(StandardCharsets.UTF_8);
      case NORMAL, UNUSED, BYTE -> ByteLevel.bytes(vocabulary.piece(token));
    };
  }

  @Override
  public String piece(int token) {
    return vocabulary.piece(token);
  }

  @Override
  public int vocabSize() {
    return vocabulary.size();
  }

  @Override
  public int bosToken() {
    return vocabulary.bosToken();
  }

  @Override
  public int eosToken() {
    return vocabulary.eosToken();
  }

  @Override
  public boolean isEndOfGeneration(int token) {
    return ends.get(token);
  }

  @Override
  public boolean addsBos() {
    return vocabulary.addsBos();
  }
}
