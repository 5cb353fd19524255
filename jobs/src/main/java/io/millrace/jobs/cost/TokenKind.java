package io.millrace.jobs.cost;

/** The kinds of tokens that have prices of their own. Every token of a request is of one kind. */
public enum TokenKind {
  /** Of the prompt: neither read from a cache nor written to one. */
  INPUT("input", true),

  /** Of the prompt: read from the provider's cache. */
  CACHED_INPUT("cached input", true),

  /** Of the prompt: written to the provider's cache, for its usual lifetime (minutes). */
  CACHE_WRITE("cache write", true),

  /** Of the prompt: written to the provider's cache, to be kept for an hour. */
  CACHE_WRITE_1H("cache write, 1 h", true),

  /** Of the answer, reasoning excepted. */
  OUTPUT("output", false),

  /** Of the answer's reasoning. */
  REASONING("reasoning", false);

  private final String label;
  private final boolean ofInput;

  TokenKind(String label, boolean ofInput) {
    this.label = label;
    this.ofInput = ofInput;
  }

  /** For people. */
  public String label() {
    return label;
  }

  /** Whether these are tokens of the prompt. */
  public boolean ofInput() {
    return ofInput;
  }
}
