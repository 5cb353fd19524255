/**
 * Files in Hugging Face's safetensors format: reading, with every number in the file distrusted.
 *
 * <p>A file is the length of its header (8 bytes, little-endian), the header (a JSON object from
 * tensor names to type, shape and place), and the tensors' data without gaps.
 */
package io.millrace.engine.safetensors;
