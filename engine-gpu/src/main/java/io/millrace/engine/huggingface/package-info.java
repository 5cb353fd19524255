/**
 * Folders as Hugging Face publishes models ({@code config.json}, {@code *.safetensors}, {@code
 * tokenizer.json}), read as if they were GGUF: metadata and tensors get the names, shapes and
 * orders that llama.cpp's converter gives them, so that the rest of the engine knows one format.
 *
 * <p>Nothing is copied to disk. Tensors that GGUF stores as they are stored here are read from
 * their place; those that differ (packed 4-bit and ternary weights, norms) are converted when they
 * are read, one at a time.
 */
package io.millrace.engine.huggingface;
