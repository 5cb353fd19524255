package io.millrace.engine.model;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.Tensor;

/**
 * A linear map, {@code y = scale * (W x) + bias}.
 *
 * @param weight {@code [outputs, inputs]}
 * @param scale of ternary weights, which are stored as -1, 0 and 1; else 1
 * @param bias {@code [outputs]}, or null
 * @param inputOrder {@code [inputs]}: which input each of the weight's columns is multiplied with;
 *     null where column i is input i's
 */
public record Linear(Tensor weight, float scale, Tensor bias, Tensor inputOrder) {

  /** A matrix and no more. */
  static Linear of(Tensor weight) {
    return new Linear(weight, 1f, null, null);
  }

  /** {@code y = scale * (W x) + bias} for the first rows of x. */
  void apply(Backend backend, int rows, Tensor x, Tensor y) {
    backend.matmul(rows, weight, inputOrder == null ? x : backend.reorder(rows, x, inputOrder), y);
    if (scale != 1f) {
      backend.scale(rows, y, scale);
    }
    if (bias != null) {
      backend.addBias(rows, y, bias);
    }
  }
}
