package io.millrace.engine.backend;

/** The function of a gated linear unit's gate. */
public enum Activation {
  /** {@code x / (1 + e^-x)}, also known as swish. */
  SILU,
  /** {@code x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))}: GELU by its tanh approximation. */
  GELU_TANH,
  /** {@code max(0, x)^2}. */
  RELU_SQUARED
}
