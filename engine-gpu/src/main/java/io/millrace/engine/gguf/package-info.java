/**
 * GGUF model files: reading, with every number in the file distrusted, and writing.
 *
 * <p>The format is described in ggml's {@code docs/gguf.md}. A file holds typed metadata (among it
 * the tokenizer), a list of tensor infos, and the tensors' data.
 */
package io.millrace.engine.gguf;
