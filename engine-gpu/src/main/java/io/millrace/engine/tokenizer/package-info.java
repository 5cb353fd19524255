/**
 * Text to tokens and back: tokenizers, chat templates, and the incremental way back to text.
 *
 * <p>Start at {@link io.millrace.engine.tokenizer.Tokenizers}.
 */
package io.millrace.engine.tokenizer;
