package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.Backend;
import java.lang.reflect.InvocationTargetException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses the CPU backend: vectors where the JVM has the Vector API, else plain loops. */
public final class CpuBackends {
  private static final Logger LOG = LoggerFactory.getLogger(CpuBackends.class);
  private static final String VECTOR_MODULE = "jdk.incubator.vector";
  private static final String VECTOR_BACKEND =
      "io.millrace.engine.backend.cpu.VectorBackend"; // compiled apart: see package-info

  private CpuBackends() {}

  /**
   * The fastest backend this JVM can run. Logs which and why.
   *
   * @param threads threads that compute, the caller's included; 1 to 256
   */
  public static Backend fastest(int threads) {
    if (!vectorModulePresent()) {
      LOG.warn(
          "cpu-scalar computes, many times slower than cpu-vector: start the JVM with"
              + " --add-modules {}",
          VECTOR_MODULE);
      return new ScalarBackend(threads);
    }
    Backend backend = vector(threads);
    LOG.info("cpu-vector computes, {} threads", threads);
    return backend;
  }

  /** Whether the JVM was started with the Vector API. */
  public static boolean vectorModulePresent() {
    return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
  }

  /**
   * The vector backend.
   *
   * @throws IllegalStateException if the JVM was started without the Vector API
   */
  public static Backend vector(int threads) {
    if (!vectorModulePresent()) {
      throw new IllegalStateException(
          "cpu-vector needs the JVM option --add-modules " + VECTOR_MODULE);
    }
    try {
      return Class.forName(VECTOR_BACKEND)
          .asSubclass(Backend.class)
          .getConstructor(int.class)
          .newInstance(threads);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("cpu-vector cannot start", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cpu-vector is missing from the engine's jar", e);
    }
  }
}
