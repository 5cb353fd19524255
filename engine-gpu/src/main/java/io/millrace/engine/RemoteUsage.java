package io.millrace.engine;

/**
 * The tokens that a provider says it bills, in OpenAI's way of counting whoever the provider is:
 * what was read from a cache or written to one is part of the input, reasoning is part of the
 * output.
 *
 * @param inputTokens of the prompt, all
 * @param cachedTokens of these, read from a cache
 * @param cacheWriteTokens of the prompt, written to a cache for its usual lifetime
 * @param cacheWrite1hTokens of the prompt, written to a cache for an hour
 * @param outputTokens of the answer, all
 * @param reasoningTokens of these, spent on reasoning
 */
public record RemoteUsage(
    long inputTokens,
    long cachedTokens,
    long cacheWriteTokens,
    long cacheWrite1hTokens,
    long outputTokens,
    long reasoningTokens) {

  /** Most tokens of a kind that are believed. */
  public static final long TOKENS_MAX = 1_000_000_000;

  /**
   * @throws IllegalArgumentException if a number is negative or beyond belief, or parts are more
   *     than their whole
   */
  public RemoteUsage {
    within(inputTokens, TOKENS_MAX);
    within(cachedTokens, inputTokens);
    within(cacheWriteTokens, inputTokens - cachedTokens);
    within(cacheWrite1hTokens, inputTokens - cachedTokens - cacheWriteTokens);
    within(outputTokens, TOKENS_MAX);
    within(reasoningTokens, outputTokens);
  }

  private static void within(long tokens, long max) {
    if (tokens < 0 || tokens > max) {
      throw new IllegalArgumentException("the counts of tokens do not add up");
    }
  }
}
