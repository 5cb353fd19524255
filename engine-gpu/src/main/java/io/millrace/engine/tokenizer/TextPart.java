package io.millrace.engine.tokenizer;

/**
 * A part of a text to encode.
 *
 * @param text the part's text
 * @param parseSpecial whether spellings of control tokens in it become those tokens: true for a
 *     template's own text, false for what users wrote
 */
public record TextPart(String text, boolean parseSpecial) {}
