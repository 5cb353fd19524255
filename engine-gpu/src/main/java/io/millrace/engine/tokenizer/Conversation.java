package io.millrace.engine.tokenizer;

import java.util.List;
import java.util.Map;

/**
 * What a chat template renders, in the terms of Hugging Face's {@code apply_chat_template}.
 *
 * <p>Values are those of JSON: strings, numbers, booleans, nulls, lists and maps. Maps keep their
 * order, which shows where a template writes JSON.
 *
 * @param messages with {@code role}, {@code content} (a text, a list of parts, or null) and what
 *     else the template knows, such as {@code tool_calls}
 * @param tools the functions that the model may call, as in OpenAI's requests; empty for none
 * @param addGenerationPrompt whether the text ends where the model's answer begins
 * @param variables what else the template may ask for, such as {@code enable_thinking}
 */
public record Conversation(
    List<Map<String, Object>> messages,
    List<Map<String, Object>> tools,
    boolean addGenerationPrompt,
    Map<String, Object> variables) {}
