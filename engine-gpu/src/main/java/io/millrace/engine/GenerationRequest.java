package io.millrace.engine;

import java.util.List;

/**
 * A request for one completion.
 *
 * @param id unique among the requests in flight
 * @param promptTokens the rendered and tokenised prompt, at least one token; not copied, not
 *     changed
 * @param sampling how to draw tokens and when to stop
 * @param priority lower runs first; equal priorities run in order of arrival
 * @param resumed tokens that an earlier attempt already generated, in order. They are not generated
 *     or reported again: the engine refills its KV cache with them, replays them through the
 *     detokeniser and the stop strings, and goes on at the next position exactly as that attempt
 *     would have
 * @param cacheSalt whose cached prefixes it may use, and who may use its own: requests with an
 *     equal salt. How long a prompt takes tells whether another like it came before, so requests of
 *     parties that must not learn of each other need different salts. Empty for none
 */
public record GenerationRequest(
    String id,
    int[] promptTokens,
    SamplingParams sampling,
    int priority,
    List<TokenOutput> resumed,
    String cacheSalt) {

  /** Longest salt, characters. */
  public static final int CACHE_SALT_LENGTH_MAX = 1024;

  public GenerationRequest {
    if (id.isEmpty()) {
      throw new IllegalArgumentException("a request needs an id");
    }
    if (cacheSalt.length() > CACHE_SALT_LENGTH_MAX) {
      throw new IllegalArgumentException(
          "the cache salt has "
              + cacheSalt.length()
              + " characters, the most is "
              + CACHE_SALT_LENGTH_MAX);
    }
    resumed = List.copyOf(resumed);
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
}
