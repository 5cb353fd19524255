package io.millrace.engine;

import java.util.List;

/**
 * What one step did for one request.
 *
 * <p><b>What drafts spared.</b> In a step with drafts for any of its B sequences, a request whose
 * answer grew by n tokens would have taken n x t(B) / B without them, t(B) being the time of a step
 * of B sequences without drafts. {@code savedNanos} is that less {@code deviceNanos}, in which
 * drafting and the longer verification are contained. t(B) is what such steps really took lately
 * (one in 16 goes without drafts to find out), for batches of about that size, put to B by the
 * passes that were timed after warm-up. It errs to the drafts' disadvantage: a step that was
 * disturbed counts in full.
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
 * @param savedNanos device time that the step's drafts spared this request, nanoseconds; negative
 *     where they cost more than they brought. 0 without drafts in the step, and where no step
 *     without drafts has been timed, as with drafts of a fixed length
 * @param remote what only a remote model's updates say; else null
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
    int acceptedTokens,
    long savedNanos,
    RemoteOutcome remote) {

  /** An update of a model that runs here. */
  public GenerationUpdate(
      String requestId,
      List<TokenOutput> tokens,
      String text,
      FinishReason finishReason,
      String error,
      int cachedPromptTokens,
      int computedTokens,
      long deviceNanos,
      int draftedTokens,
      int acceptedTokens,
      long savedNanos) {
    this(
        requestId,
        tokens,
        text,
        finishReason,
        error,
        cachedPromptTokens,
        computedTokens,
        deviceNanos,
        draftedTokens,
        acceptedTokens,
        savedNanos,
        null);
  }

  /** An update of a remote model, which computes elsewhere and tells no tokens. */
  public static GenerationUpdate remote(
      String requestId,
      String text,
      FinishReason finishReason,
      String error,
      RemoteOutcome remote) {
    return new GenerationUpdate(
        requestId, List.of(), text, finishReason, error, 0, 0, 0, 0, 0, 0, remote);
  }

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
        0,
        0);
  }

  /** The same with this time spared. */
  GenerationUpdate withSavedNanos(long nanos) {
    return new GenerationUpdate(
        requestId,
        tokens,
        text,
        finishReason,
        error,
        cachedPromptTokens,
        computedTokens,
        deviceNanos,
        draftedTokens,
        acceptedTokens,
        nanos);
  }

  public GenerationUpdate {
    tokens = List.copyOf(tokens);
  }

  public boolean finished() {
    return finishReason != null;
  }
}
