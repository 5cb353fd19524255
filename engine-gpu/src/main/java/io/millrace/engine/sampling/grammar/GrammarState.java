package io.millrace.engine.sampling.grammar;

import io.millrace.engine.sampling.grammar.PushdownAutomaton.State;

/**
 * Where one answer stands in its grammar: a function of its tokens. Immutable, so that whoever
 * looks ahead (a draft, a verification) just keeps a state and goes on from it.
 */
public final class GrammarState {
  private final BoundGrammar grammar;
  private final State state;

  /** After the answer's end nothing can follow. */
  private final boolean ended;

  GrammarState(BoundGrammar grammar, State state, boolean ended) {
    this.grammar = grammar;
    this.state = state;
    this.ended = ended;
  }

  /**
   * The tokens that may come next: at least one, unless the answer has ended. End tokens are among
   * them where the text may end.
   *
   * @throws GrammarException if the vocabulary has none, or the grammar has too many ways to read
   *     what was written
   */
  public TokenMask mask() {
    return grammar.mask(state);
  }

  /**
   * The state after one more token. An end token ends the answer; a token that may not come next
   * has none.
   *
   * @return null if the token may not come next
   */
  public GrammarState next(int token) {
    TokenTrie trie = grammar.trie();
    if (ended || token < 0 || token >= trie.vocabSize()) {
      return null;
    }
    if (trie.isEnd(token)) {
      return state.mayEnd() ? new GrammarState(grammar, state, true) : null;
    }
    PushdownAutomaton automaton = grammar.automaton();
    State next = state;
    byte[] bytes = trie.bytes(token);
    for (byte b : bytes) {
      next = automaton.next(next, b);
    }
    return bytes.length == 0 || automaton.isDead(next)
        ? null
        : new GrammarState(grammar, next, false);
  }

  /** Whether the text is complete, and nothing but an end token can follow. */
  public boolean isComplete() {
    return state.mayEnd() && !state.mayGoOn();
  }

  /** Whether the vocabulary has a token that ends an answer. */
  public boolean canSayEnd() {
    return grammar.trie().hasEnd();
  }
}
