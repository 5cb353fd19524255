package io.millrace.engine;

/**
 * What only a remote model's update says: how often it was called, and in the last update what came
 * of it.
 *
 * @param model the configured name of the model that was called: the one asked for, or one that it
 *     falls back on
 * @param backend how it is spoken to: openai or anthropic
 * @param attempt number of the latest call, counted from {@link GenerationRequest#attempt} on
 * @param startedMs when the first call began, milliseconds since 1970 UTC
 * @param firstTokenMs when the answer's first text came; 0 if none did
 * @param usage what the answer is billed for; null before there is one, and where the server does
 *     not say
 * @param costKnown whether {@code usage} is all that was spent, as far as calls end in an answer: a
 *     call that was given up after its request was sent may be billed, and nobody says for how much
 * @param responseModel the model that the server says has answered; null if it does not say
 * @param serviceTier the tier that the server says it served; null if it does not say
 * @param toolCalls OpenAI's {@code tool_calls} as JSON text; null where no tool was called
 * @param failure what went wrong, with {@link FinishReason#ERROR}; else null
 */
public record RemoteOutcome(
    String model,
    String backend,
    int attempt,
    long startedMs,
    long firstTokenMs,
    RemoteUsage usage,
    boolean costKnown,
    String responseModel,
    String serviceTier,
    String toolCalls,
    Failure failure) {

  /**
   * Why there is no answer.
   *
   * @param code one word for programs
   * @param retryable whether the same request could be answered later
   */
  public record Failure(String code, boolean retryable) {}
}
