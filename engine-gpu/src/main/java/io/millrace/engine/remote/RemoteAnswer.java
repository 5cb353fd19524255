package io.millrace.engine.remote;

import io.millrace.engine.FinishReason;
import io.millrace.engine.RemoteUsage;

/**
 * A complete answer.
 *
 * @param text what the model said
 * @param toolCalls OpenAI's {@code tool_calls} as JSON text, or null
 * @param finishReason stop, length, tool calls or content filter
 * @param usage what is billed, or null if the server does not say, or not in numbers that add up
 * @param model the model that the server says has answered, or null
 * @param serviceTier the tier that the server says it served, or null
 */
record RemoteAnswer(
    String text,
    String toolCalls,
    FinishReason finishReason,
    RemoteUsage usage,
    String model,
    String serviceTier) {}
