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
 */
public record GenerationRequest(
    String id,
    int[] promptTokens,
    SamplingParams sampling,
    int priority,
    List<TokenOutput> resumed) {

  public GenerationRequest {
    if (id.isEmpty()) {
      throw new IllegalArgumentException("a request needs an id");
    }
    resumed = List.copyOf(resumed);
  }

  /** A new request of normal priority. */
  public GenerationRequest(String id, int[] promptTokens, SamplingParams sampling) {
    this(id, promptTokens, sampling, 0, List.of());
  }
}
