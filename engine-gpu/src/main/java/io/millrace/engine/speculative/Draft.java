package io.millrace.engine.speculative;

import io.millrace.engine.sampling.TokenHistory;
import io.millrace.engine.sampling.grammar.GrammarState;
import io.millrace.engine.scheduler.Sequence;
import java.util.Arrays;

/**
 * A sequence as it would be if the drafted tokens after it held: the history that the next of them
 * is drawn with.
 */
public final class Draft implements TokenHistory {
  private final Sequence sequence;
  private final int base;
  private final int[] drafted;
  private int size;

  /** After the first {@code grammarSize} drafted tokens; null if they may be followed by any. */
  private GrammarState grammar;

  private int grammarSize;

  /**
   * Nothing drafted yet.
   *
   * @param tokensMax most tokens to draft
   */
  public Draft(Sequence sequence, int tokensMax) {
    this(sequence, new int[tokensMax], 0);
  }

  private Draft(Sequence sequence, int[] drafted, int size) {
    this.sequence = sequence;
    this.base = sequence.length();
    this.drafted = drafted;
    this.size = size;
    this.grammar = sequence.grammar();
  }

  /** A finished draft; the array is not copied and not changed. */
  public static Draft of(Sequence sequence, int[] tokens) {
    return new Draft(sequence, tokens, tokens.length);
  }

  /**
   * Adds the next token.
   *
   * @throws IllegalStateException if it {@link #isFull}
   */
  public void add(int token) {
    if (isFull()) {
      throw new IllegalStateException("the draft has its " + size + " tokens already");
    }
    drafted[size++] = token;
  }

  /** Whether it has as many tokens as it may have. */
  public boolean isFull() {
    return size == drafted.length;
  }

  /** Tokens drafted so far. */
  public int size() {
    return size;
  }

  /** Most tokens it may have. */
  public int tokensMax() {
    return drafted.length;
  }

  public Sequence sequence() {
    return sequence;
  }

  /** The tokens drafted so far, in an array of their own. */
  public int[] tokens() {
    return Arrays.copyOf(drafted, size);
  }

  /** The sequence's own tokens: position of the first drafted one. */
  int base() {
    return base;
  }

  /** With the next token: how many tokens of output come before it. */
  public int outputLength() {
    return sequence.outputLength() + size;
  }

  @Override
  public int length() {
    return base + size;
  }

  @Override
  public int token(int position) {
    return position < base ? sequence.token(position) : drafted[position - base];
  }

  /** A draft that the response format does not allow is one that the target never accepts. */
  @Override
  public GrammarState grammar() {
    while (grammar != null && grammarSize < size) {
      grammar = grammar.next(drafted[grammarSize++]);
    }
    return grammar;
  }
}
