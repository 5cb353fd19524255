package io.millrace.engine.sampling;

/** The tokens before the one to draw: prompt, then output. */
public interface TokenHistory {

  /** Tokens so far. */
  int length();

  /** The token at a position, from 0 to {@link #length}, exclusive. */
  int token(int position);
}
