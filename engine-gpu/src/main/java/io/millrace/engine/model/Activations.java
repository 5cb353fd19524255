package io.millrace.engine.model;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.Tensor;
import java.util.ArrayList;
import java.util.List;

/** One step's buffers of a {@link Transformer}. */
final class Activations implements AutoCloseable {
  private final List<Tensor> all;
  final Tensor x;
  final Tensor h;
  final Tensor angles;
  final Tensor localAngles; // the same where all layers rotate alike
  final Tensor q;
  final Tensor k;
  final Tensor v;
  final Tensor mixed;
  final Tensor gate;
  final Tensor up;

  /** All of them, or none if there is no memory for one. */
  static Activations of(Backend backend, ModelConfig config, boolean twoRopes, int rows) {
    List<Tensor> all = new ArrayList<>();
    try {
      return new Activations(all, backend, config, twoRopes, rows);
    } catch (RuntimeException | Error e) {
      all.forEach(Tensor::close);
      throw e;
    }
  }

  private Activations(
      List<Tensor> all, Backend backend, ModelConfig config, boolean twoRopes, int rows) {
    this.all = all;
    x = keep(backend.activations(rows, config.dim()));
    h = keep(backend.activations(rows, config.dim()));
    angles = keep(backend.activations(rows, config.rope().dim()));
    localAngles = twoRopes ? keep(backend.activations(rows, config.localRope().dim())) : angles;
    q = keep(backend.activations(rows, config.queryDim()));
    k = keep(backend.activations(rows, config.kvDim()));
    v = keep(backend.activations(rows, config.kvDim()));
    mixed = keep(backend.activations(rows, config.queryDim()));
    gate = keep(backend.activations(rows, config.ffnDim()));
    up = keep(backend.activations(rows, config.ffnDim()));
  }

  private Tensor keep(Tensor tensor) {
    all.add(tensor);
    return tensor;
  }

  @Override
  public void close() {
    all.forEach(Tensor::close);
  }
}
