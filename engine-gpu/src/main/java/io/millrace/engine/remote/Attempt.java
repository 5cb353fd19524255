package io.millrace.engine.remote;

/**
 * A call to a remote model that is about to be made.
 *
 * @param requestId the engine's name of the request
 * @param attempt which of its calls, from 0; with the request's id the call's name, and the same
 *     again when a call is repeated from an earlier state
 * @param model configured name of the model
 * @param backend how it is spoken to: openai or anthropic
 * @param remoteModel the model's name at the server
 * @param timeMs when, milliseconds since 1970 UTC
 * @param requestBytes length of the request's body: no prompt has more tokens than bytes
 * @param outputTokensMax most tokens of the answer
 */
public record Attempt(
    String requestId,
    int attempt,
    String model,
    String backend,
    String remoteModel,
    long timeMs,
    int requestBytes,
    int outputTokensMax) {}
