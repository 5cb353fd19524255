package io.millrace.engine.tokenizer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The symbols of a byte-pair encoding and which of them merge.
 *
 * <p>Symbols below the vocabulary's size are its tokens; those above are spellings that only occur
 * on the way to a token. Control tokens are no symbols: plain text never becomes one, not even if
 * the merges could spell it. Immutable once built.
 */
final class Merges {
  private final int tokens;
  private final Map<String, Integer> symbols = new HashMap<>();

  /** Left symbol and right symbol to {@link SymbolMerger#merged}. */
  private final LongLongMap merged;

  /**
   * @param merges pairs of spellings with a space between, the first to merge first
   * @throws IllegalArgumentException if a merge is not of this form
   */
  Merges(Vocabulary vocabulary, List<String> merges) {
    tokens = vocabulary.size();
    for (int id = 0; id < tokens; id++) {
      TokenType type = vocabulary.type(id);
      if (type != TokenType.CONTROL && type != TokenType.UNKNOWN) {
        symbols.putIfAbsent(vocabulary.piece(id), id);
      }
    }
    merged = new LongLongMap(merges.size());
    for (int rank = 0; rank < merges.size(); rank++) {
      add(merges.get(rank), rank);
    }
  }

  private void add(String merge, int rank) {
    int space = merge.indexOf(' ', 1);
    if (space < 0 || space == merge.length() - 1) {
      throw new IllegalArgumentException("merge " + rank + " is not two spellings");
    }
    String left = merge.substring(0, space);
    String right = merge.substring(space + 1);
    long result = SymbolMerger.merged(rank, intern(left + right));
    merged.putIfAbsent(pair(intern(left), intern(right)), result);
  }

  private int intern(String spelling) {
    return symbols.computeIfAbsent(spelling, s -> tokens + symbols.size());
  }

  /** The symbol of this spelling, or -1: then it merges with nothing. */
  int symbol(String spelling) {
    return symbols.getOrDefault(spelling, -1);
  }

  /** Whether a symbol is a token. */
  boolean isToken(int symbol) {
    return symbol >= 0 && symbol < tokens;
  }

  /** What two neighbours make, as {@link SymbolMerger.Pairs} wants it. */
  long merge(int left, int right) {
    return left < 0 || right < 0 ? SymbolMerger.NONE : merged.get(pair(left, right));
  }

  private static long pair(int left, int right) {
    return (long) left << 32 | right;
  }
}
