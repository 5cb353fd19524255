package io.millrace.engine.backend;

import io.millrace.engine.backend.cpu.CpuBackends;
import io.millrace.engine.backend.cpu.ScalarBackend;

/** What a user asks to compute with. */
public enum BackendKind {
  /** The fastest that this machine and JVM have. */
  AUTO,
  /** The processor's vector unit. */
  CPU,
  /** Plain loops: the reference that the others are measured against. */
  SCALAR;

  /**
   * Opens a backend of this kind.
   *
   * @param threads threads that compute, the caller's included
   * @throws IllegalStateException if this machine or JVM does not have it
   */
  public Backend open(int threads) {
    return switch (this) {
      case AUTO -> CpuBackends.fastest(threads);
      case CPU -> CpuBackends.vector(threads);
      case SCALAR -> new ScalarBackend(threads);
    };
  }
}
