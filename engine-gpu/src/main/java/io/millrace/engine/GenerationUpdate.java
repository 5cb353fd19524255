package io.millrace.engine;

import java.util.List;

/**
 * What one step did for one request.
 *
 * @param requestId the request
 * @param tokens tokens generated in this step, in order; empty while the prompt is still computed
 * @param text the characters that became final: whole characters only, and never a part of what may
 *     still turn out to be a stop string
 * @param finishReason why it ended, or null while it goes on
 * @param error one line on what went wrong, with {@link FinishReason#ERROR}; else null
 * @param cachedPromptTokens prompt tokens whose keys and values were in the cache when the request
 *     joined the batch; the same in all its updates, and not counted again after a preemption
 * @param computedTokens tokens that this step computed for this request, prompt and output
 *     together, drafted ones too, whether accepted or not
 * @param deviceNanos this request's share of the step's device time, nanoseconds. The shares of all
 *     of a step's updates sum to the step's time exactly
 * @param draftedTokens tokens that a draft proposed in this step
 * @param acceptedTokens how many of them are among {@code tokens}
 */
public record GenerationUpdate(
    String requestId,
    List<TokenOutput> tokens,
    String text,
    FinishReason finishReason,
    String error,
    int cachedPromptTokens,
    int computedTokens,
    long deviceNanos,
    int draftedTokens,
    int acceptedTokens) {

  /** An update of a step without a draft. */
  public GenerationUpdate(
      String requestId,
      List<TokenOutput> tokens,
      String text,
      FinishReason finishReason,
      String error,
      int cachedPromptTokens,
      int computedTokens,
      long deviceNanos) {
    this(
        requestId,
        tokens,
        text,
        finishReason,
        error,
        cachedPromptTokens,
        computedTokens,
        deviceNanos,
        0,
        0);
  }

  public GenerationUpdate {
    tokens = List.copyOf(tokens);
  }

  public boolean finished() {
    return finishReason != null;
  }
}
