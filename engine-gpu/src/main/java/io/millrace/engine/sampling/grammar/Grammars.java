package io.millrace.engine.sampling.grammar;

import io.millrace.engine.ResponseFormat;
import io.millrace.engine.tokenizer.Tokenizer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The grammars over one vocabulary. What was compiled is kept for the next request with the same
 * response format, and what was computed of a grammar for every sequence that uses it. Thread-safe.
 */
public final class Grammars {
  private static final int GRAMMARS_MAX = 64;

  /** Automaton states of all grammars together; each is about a kilobyte. */
  private static final int STATES_MAX = 131_072;

  private static final long MASK_BYTES_MAX = 64L << 20;

  private final Tokenizer tokenizer;
  private final int vocabSize;
  private final MaskCache masks = new MaskCache(MASK_BYTES_MAX);
  private final Map<ResponseFormat, BoundGrammar> grammars = new LinkedHashMap<>(16, 0.75f, true);

  /** Made for the first grammar: most engines never need it. */
  private TokenTrie trie;

  /**
   * @param vocabSize the first tokens of the vocabulary, which can be drawn
   */
  public Grammars(Tokenizer tokenizer, int vocabSize) {
    this.tokenizer = tokenizer;
    this.vocabSize = vocabSize;
  }

  /**
   * The state of an answer without tokens.
   *
   * @throws GrammarException in one line, if the format cannot be used, or no token of the
   *     vocabulary begins a text of that format
   */
  public synchronized GrammarState start(ResponseFormat format) {
    BoundGrammar grammar = grammars.get(format);
    if (grammar == null) {
      Grammar compiled = Grammar.of(format);
      if (trie == null) {
        trie = new TokenTrie(tokenizer, vocabSize);
      }
      grammar = new BoundGrammar(compiled.automaton(trie), trie, masks);
      grammar.start().mask();
      grammars.put(format, grammar);
    }
    GrammarState start = grammar.start();
    evict(grammar);
    return start;
  }

  /** Keeps the one just asked for. */
  private void evict(BoundGrammar used) {
    long states = 0;
    for (BoundGrammar grammar : grammars.values()) {
      states += grammar.automaton().size();
    }
    var eldest = grammars.values().iterator();
    while (grammars.size() > 1 && (grammars.size() > GRAMMARS_MAX || states > STATES_MAX)) {
      BoundGrammar gone = eldest.next();
      if (gone == used) {
        return;
      }
      states -= gone.automaton().size();
      eldest.remove();
    }
  }
}
