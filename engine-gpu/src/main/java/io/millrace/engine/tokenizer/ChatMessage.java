package io.millrace.engine.tokenizer;

/**
 * One message of a conversation.
 *
 * @param role {@code system}, {@code user}, {@code assistant} or what else the template knows
 * @param content the text
 */
public record ChatMessage(String role, String content) {}
