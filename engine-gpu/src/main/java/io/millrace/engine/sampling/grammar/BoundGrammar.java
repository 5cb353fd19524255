package io.millrace.engine.sampling.grammar;

import io.millrace.engine.sampling.grammar.PushdownAutomaton.State;

/** A grammar over a vocabulary. Thread-safe. */
final class BoundGrammar {
  private final PushdownAutomaton automaton;
  private final TokenTrie trie;
  private final MaskCache masks;

  BoundGrammar(PushdownAutomaton automaton, TokenTrie trie, MaskCache masks) {
    this.automaton = automaton;
    this.trie = trie;
    this.masks = masks;
  }

  GrammarState start() {
    return new GrammarState(this, automaton.start(), false);
  }

  TokenMask mask(State state) {
    TokenMask known = masks.get(state);
    if (known != null) {
      return known;
    }
    TokenMask mask = trie.mask(automaton, state);
    if (mask.count() == 0 && !(state.mayEnd() && !trie.hasEnd())) {
      throw new GrammarException(
          "no token of the model's vocabulary can go on as the response format asks");
    }
    masks.put(state, mask);
    return mask;
  }

  PushdownAutomaton automaton() {
    return automaton;
  }

  TokenTrie trie() {
    return trie;
  }
}
