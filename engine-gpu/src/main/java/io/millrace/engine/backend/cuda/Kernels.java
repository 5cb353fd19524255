package io.millrace.engine.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The kernels of the engine's jar, loaded when they are first asked for. A module is one file of
 * PTX, {@code resources/cuda/sm80/NAME.ptx}; its source and what its kernels take is {@code
 * src/main/cuda/NAME.cu}.
 */
final class Kernels implements AutoCloseable {
  private static final String FOLDER = "/cuda/sm80/";

  /**
   * A kernel ready to be launched.
   *
   * @param id small and dense, unique among those loaded
   */
  record Kernel(
      int id, String name, CudaDriver.Function function, CudaDriver.Parameters parameters) {}

  private final CudaDriver driver;
  private final Map<String, CudaDriver.Module> modules = new HashMap<>();
  private final Map<String, Kernel> byName = new HashMap<>();
  private final List<Kernel> byId = new ArrayList<>();

  Kernels(CudaDriver driver) {
    this.driver = driver;
  }

  /**
   * A kernel.
   *
   * @param name unique among all modules
   * @throws CudaException if the module does not load, or has no such kernel
   */
  Kernel get(String module, String name) {
    return get(module, name, 0);
  }

  /**
   * The same of a kernel that is launched with dynamic shared memory.
   *
   * @param sharedBytes at most
   */
  Kernel get(String module, String name, int sharedBytes) {
    Kernel known = byName.get(name);
    if (known == null) {
      known = load(module, name);
      if (sharedBytes > 0) {
        known.function().allowSharedBytes(sharedBytes);
      }
    }
    return known;
  }

  Kernel byId(int id) {
    return byId.get(id);
  }

  private Kernel load(String module, String name) {
    CudaDriver.Function function =
        modules.computeIfAbsent(module, of -> driver.load(of, ptx(of))).function(name);
    Kernel kernel = new Kernel(byId.size(), name, function, driver.parameters(function));
    byName.put(name, kernel);
    byId.add(kernel);
    return kernel;
  }

  private static byte[] ptx(String module) {
    try (InputStream in = Kernels.class.getResourceAsStream(FOLDER + module + ".ptx")) {
      if (in == null) {
        throw new CudaException("the kernels " + module + " are missing from the engine's jar");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new CudaException("the kernels " + module + " cannot be read", e);
    }
  }

  @Override
  public void close() {
    byId.forEach(kernel -> kernel.parameters().close());
    modules.values().forEach(CudaDriver.Module::close);
    byId.clear();
    byName.clear();
    modules.clear();
  }
}
