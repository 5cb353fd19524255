/**
 * The Jinja that chat templates are written in, as Python's jinja2 renders it in Hugging Face's
 * transformers: blocks trimmed, an immutable sandbox, loop controls.
 *
 * <p>Start at {@link io.millrace.engine.tokenizer.jinja.JinjaTemplate}. Values are those of JSON
 * ({@code null} is None, whole numbers are {@code Long}), {@code Undefined}, and functions.
 */
package io.millrace.engine.tokenizer.jinja;
