package io.millrace.engine;

import java.util.List;

/**
 * A request for one completion.
 *
 * @param id unique among the requests in flight
 * @param promptTokens the rendered and tokenised prompt, at least one token; not copied, not
 *     changed. Empty for a remote model
 * @param sampling how to draw tokens and when to stop
 * @param priority lower runs first, but for a bound on how long others wait (see {@link
 *     io.millrace.engine.scheduler.Scheduler})
 * @param resumed tokens that an earlier attempt already generated, in order. They are not generated
 *     or reported again: the engine refills its KV cache with them, replays them through the
 *     detokeniser and the stop strings, and goes on at the next position exactly as that attempt
 *     would have
 * @param cacheSalt whose cached prefixes it may use, and who may use its own: requests with an
 *     equal salt. How long a prompt takes tells whether another like it came before, so requests of
 *     parties that must not learn of each other need different salts. Empty for none
 * @param tenant who asks. Within a priority, tenants get equal shares of the tokens computed. Empty
 *     for the one tenant of all who name none
 * @param deadlineMs when it ends with {@link FinishReason#EXPIRED} if it has not ended yet,
 *     milliseconds since 1970 UTC; {@link #NO_DEADLINE} for never
 * @param chat what a remote model is asked; null for one that runs here, which takes {@code
 *     promptTokens}
 * @param attempt number of the next call to a remote model: how many were begun before
 */
public record GenerationRequest(
    String id,
    int[] promptTokens,
    SamplingParams sampling,
    int priority,
    List<TokenOutput> resumed,
    String cacheSalt,
    String tenant,
    long deadlineMs,
    ChatRequest chat,
    int attempt) {

  /** A deadline that never comes. */
  public static final long NO_DEADLINE = Long.MAX_VALUE;

  /** Longest salt, characters. */
  public static final int CACHE_SALT_LENGTH_MAX = 1024;

  /** Longest name of a tenant, characters. */
  public static final int TENANT_LENGTH_MAX = 1024;

  public GenerationRequest {
    if (id.isEmpty()) {
      throw new IllegalArgumentException("a request needs an id");
    }
    requireLength("cache salt", cacheSalt, CACHE_SALT_LENGTH_MAX);
    requireLength("tenant's name", tenant, TENANT_LENGTH_MAX);
    resumed = List.copyOf(resumed);
  }

  /** A request to a model that runs here. */
  public GenerationRequest(
      String id,
      int[] promptTokens,
      SamplingParams sampling,
      int priority,
      List<TokenOutput> resumed,
      String cacheSalt,
      String tenant,
      long deadlineMs) {
    this(id, promptTokens, sampling, priority, resumed, cacheSalt, tenant, deadlineMs, null, 0);
  }

  /** A request of no tenant, without a deadline. */
  public GenerationRequest(
      String id,
      int[] promptTokens,
      SamplingParams sampling,
      int priority,
      List<TokenOutput> resumed,
      String cacheSalt) {
    this(id, promptTokens, sampling, priority, resumed, cacheSalt, "", NO_DEADLINE);
  }

  /** A request without a salt. */
  public GenerationRequest(
      String id,
      int[] promptTokens,
      SamplingParams sampling,
      int priority,
      List<TokenOutput> resumed) {
    this(id, promptTokens, sampling, priority, resumed, "");
  }

  /** A new request of normal priority, without a salt. */
  public GenerationRequest(String id, int[] promptTokens, SamplingParams sampling) {
    this(id, promptTokens, sampling, 0, List.of());
  }

  private static void requireLength(String what, String text, int lengthMax) {
    if (text.length() > lengthMax) {
      throw new IllegalArgumentException(
          "the " + what + " has " + text.length() + " characters, the most is " + lengthMax);
    }
  }
}
