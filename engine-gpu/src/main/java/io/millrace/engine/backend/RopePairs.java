package io.millrace.engine.backend;

/** Which two elements of a head rotary position embedding turns together. */
public enum RopePairs {
  /** Elements 2i and 2i + 1: llama as GGUF files store it. */
  INTERLEAVED,
  /** Elements i and i + half of the rotated dimensions: the layout of GPT-NeoX. */
  HALVES
}
