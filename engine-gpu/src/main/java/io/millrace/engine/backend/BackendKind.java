package io.millrace.engine.backend;

import io.millrace.engine.backend.cpu.CpuBackends;
import io.millrace.engine.backend.cpu.ScalarBackend;
import io.millrace.engine.backend.cuda.CudaBackends;

/** What a user asks to compute with. */
public enum BackendKind {
  /** The fastest that this machine and JVM have: a GPU, else the processor. */
  AUTO,
  /** An NVIDIA GPU. */
  CUDA,
  /** The processor's vector unit. */
  CPU,
  /** Plain loops: the reference that the others are measured against. */
  SCALAR;

  /**
   * Opens a backend of this kind, on the first GPU if on one.
   *
   * @param threads threads that compute, the caller's included
   * @throws IllegalStateException if this machine or JVM does not have it
   */
  public Backend open(int threads) {
    return open(threads, 0);
  }

  /**
   * Opens a backend of this kind.
   *
   * @param threads threads of the processor that compute, the caller's included
   * @param device which of the GPUs, from 0
   * @throws IllegalStateException with one line that says why, if this machine or JVM does not have
   *     it
   */
  public Backend open(int threads, int device) {
    return open(threads, device, true);
  }

  /**
   * Opens a backend of this kind.
   *
   * @param threads as {@link #open(int, int)} takes it
   * @param device as {@link #open(int, int)} takes it
   * @param deterministic whether rows come out the same in any company: what a GPU can do without
   * @throws IllegalStateException as {@link #open(int, int)} does
   */
  public Backend open(int threads, int device, boolean deterministic) {
    return switch (this) {
      case AUTO ->
          resolve(device) == CUDA
              ? CudaBackends.open(device, deterministic)
              : CpuBackends.fastest(threads);
      case CUDA -> CudaBackends.open(device, deterministic);
      case CPU -> CpuBackends.vector(threads);
      case SCALAR -> new ScalarBackend(threads);
    };
  }

  /**
   * What this stands for on this machine: {@link #CUDA} for {@link #AUTO} where a GPU can be had,
   * so that a model and its engines come out the same. Logs which and why.
   *
   * @param device which of the GPUs, from 0
   */
  public BackendKind resolve(int device) {
    return this == AUTO && CudaBackends.present(device) ? CUDA : this;
  }
}
