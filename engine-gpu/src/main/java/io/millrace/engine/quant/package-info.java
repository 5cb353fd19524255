/**
 * How numbers are packed in GGUF's weight types: reading every quantised type as integers with
 * scales, and writing some of them.
 *
 * <p>{@link io.millrace.engine.quant.BlockFormat} is the one view that all backends, the tools and
 * the tests share of what a block's bytes mean.
 */
package io.millrace.engine.quant;
