package io.millrace.engine.sampling;

import io.millrace.engine.sampling.grammar.GrammarState;

/** The tokens before the one to draw: prompt, then output. */
public interface TokenHistory {

  /** Tokens so far. */
  int length();

  /** The token at a position, from 0 to {@link #length}, exclusive. */
  int token(int position);

  /**
   * Where the answer stands in its response format after these tokens, or null if it may be any
   * text: what may come next is a function of the history too.
   */
  default GrammarState grammar() {
    return null;
  }
}
