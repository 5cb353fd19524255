package io.millrace.engine.backend;

/**
 * How one layer attends.
 *
 * @param scale factor of the scores before anything else
 * @param softCap scores s become {@code softCap * tanh(s / softCap)} before the softmax; 0 for none
 * @param window positions a row sees, its own included: those from {@code position - window + 1}
 *     on; 0 for all
 */
public record AttentionSpec(float scale, float softCap, int window) {

  /** All positions, no soft cap. */
  public static AttentionSpec full(float scale) {
    return new AttentionSpec(scale, 0f, 0);
  }

  /** The first position that a row sees. */
  public int firstPosition(int position) {
    return window == 0 ? 0 : Math.max(0, position - window + 1);
  }
}
