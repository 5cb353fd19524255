package io.millrace.engine;

/**
 * Whether and how an engine drafts tokens. It changes how fast answers come, never what they are:
 * see {@link io.millrace.engine.speculative}.
 *
 * @param method what proposes tokens
 * @param draftTokensMax most tokens of one draft, 1 to {@link #DRAFT_TOKENS_MAX}; 0 if off
 * @param adaptive whether the length of drafts follows acceptance and load, down to none; else they
 *     are as long as they may be
 */
public record Speculation(Method method, int draftTokensMax, boolean adaptive) {

  /** What proposes tokens. */
  public enum Method {
    /** Nothing. */
    OFF,
    /** What followed the same few tokens earlier in prompt or answer. */
    NGRAM,
    /** A smaller model of the same vocabulary. */
    DRAFT_MODEL,
    /** Earlier tokens; where they have nothing to offer, a smaller model. */
    NGRAM_THEN_DRAFT_MODEL;

    /** Whether it needs a draft model. */
    public boolean needsModel() {
      return this == DRAFT_MODEL || this == NGRAM_THEN_DRAFT_MODEL;
    }
  }

  /** Longest draft, tokens. */
  public static final int DRAFT_TOKENS_MAX = 64;

  /** No speculation. */
  public static final Speculation OFF = new Speculation(Method.OFF, 0, false);

  /**
   * @throws IllegalArgumentException if the number of tokens is out of range
   */
  public Speculation {
    boolean off = method == Method.OFF;
    if (draftTokensMax < (off ? 0 : 1) || draftTokensMax > (off ? 0 : DRAFT_TOKENS_MAX)) {
      throw new IllegalArgumentException(
          String.format(
              "draftTokensMax is %d, must be %s",
              draftTokensMax, off ? "0" : "1 to " + DRAFT_TOKENS_MAX));
    }
  }

  /** Up to so many tokens, fewer or none where that is faster. */
  public static Speculation adaptive(Method method, int draftTokensMax) {
    return new Speculation(method, draftTokensMax, true);
  }

  /** Always so many tokens. */
  public static Speculation fixed(Method method, int draftTokens) {
    return new Speculation(method, draftTokens, false);
  }
}
