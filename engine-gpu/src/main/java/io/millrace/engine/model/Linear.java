package io.millrace.engine.model;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.Tensor;

/**
 * A linear map, {@code y = scale * (W x) + bias}.
 *
 * @param weight {@code [outputs, inputs]}
 * @param scale of ternary weights, which are stored as -1, 0 and 1; else 1
 * @param bias {@code [outputs]}, or null
 */
public record Linear(Tensor weight, float scale, Tensor bias) {

  /** A matrix and no more. */
  static Linear of(Tensor weight) {
    return new Linear(weight, 1f, null);
  }

  /** {@code y = scale * (W x) + bias} for the first rows of x. */
  void apply(Backend backend, int rows, Tensor x, Tensor y) {
    backend.matmul(rows, weight, x, y);
    if (scale != 1f) {
      backend.scale(rows, y, scale);
    }
    if (bias != null) {
      backend.addBias(rows, y, bias);
    }
  }
}
