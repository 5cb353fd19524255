package io.millrace.jobs.cost;

/**
 * The tokens that a request is billed for, counted as OpenAI counts them: what was read from a
 * cache or written to one is part of the input, reasoning is part of the output.
 *
 * @param input of the prompt, all
 * @param cached of these, read from a cache
 * @param cacheWrite of the prompt, written to a cache for its usual lifetime
 * @param cacheWrite1h of the prompt, written to a cache for an hour
 * @param output of the answer, all
 * @param reasoning of these, spent on reasoning
 */
public record TokenUsage(
    long input, long cached, long cacheWrite, long cacheWrite1h, long output, long reasoning) {

  /** Most tokens of a kind in a request; with the bounds of prices, amounts fit their records. */
  public static final long TOKENS_MAX = 1_000_000_000;

  /**
   * @throws IllegalArgumentException if a number is negative or more than {@link #TOKENS_MAX}, or
   *     parts are more than their whole
   */
  public TokenUsage {
    within("input", input, TOKENS_MAX, "most of a request");
    within("cached", cached, input, "all of the input");
    within("cache-write", cacheWrite, input - cached, "the input that is not cached");
    within(
        "cache-write-1h",
        cacheWrite1h,
        input - cached - cacheWrite,
        "the input that is not cached or written otherwise");
    within("output", output, TOKENS_MAX, "most of a request");
    within("reasoning", reasoning, output, "all of the output");
  }

  /** Without caches and reasoning. */
  public static TokenUsage of(long input, long output) {
    return new TokenUsage(input, 0, 0, 0, output, 0);
  }

  /** How many tokens are of a kind. */
  public long tokens(TokenKind kind) {
    return switch (kind) {
      case INPUT -> input - cached - cacheWrite - cacheWrite1h;
      case CACHED_INPUT -> cached;
      case CACHE_WRITE -> cacheWrite;
      case CACHE_WRITE_1H -> cacheWrite1h;
      case OUTPUT -> output - reasoning;
      case REASONING -> reasoning;
    };
  }

  private static void within(String name, long tokens, long max, String meaning) {
    if (tokens < 0 || tokens > max) {
      throw new IllegalArgumentException(
          name + " is " + tokens + " tokens, must be 0 to " + max + ", " + meaning);
    }
  }
}
