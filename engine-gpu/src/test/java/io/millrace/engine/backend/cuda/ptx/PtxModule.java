package io.millrace.engine.backend.cuda.ptx;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** A module's kernels, compiled, and its variables, in device memory. */
final class PtxModule {
  private final String name;
  private final Map<String, Kernel> kernels = new LinkedHashMap<>();
  private final DeviceSpace space;
  private final Map<String, Long> globals = new HashMap<>();

  /**
   * @param name for messages
   */
  PtxModule(String name, String ptx, DeviceSpace space) {
    this.name = name;
    this.space = space;
    try {
      PtxParser parsed = PtxParser.parse(ptx);
      for (PtxVariable variable : parsed.variables) {
        if (variable.space().equals("global") || variable.space().equals("const")) {
          define(variable);
        }
      }
      for (PtxFunction function : parsed.functions) {
        kernels.put(function.name, KernelCompiler.compile(function, parsed.variables, globals));
      }
    } catch (PtxFault e) {
      close();
      throw new PtxFault(name + ": " + e.getMessage());
    }
  }

  private void define(PtxVariable variable) {
    long address = space.allocate(variable.name(), variable.bytes());
    globals.put(variable.name(), address);
    Memory memory = space.find(address);
    byte[] initial = variable.initial() == null ? new byte[variable.bytes()] : variable.initial();
    System.arraycopy(initial, 0, memory.bytes, 0, initial.length);
    java.util.Arrays.fill(memory.state, Memory.WRITTEN);
  }

  Map<String, Kernel> kernels() {
    return kernels;
  }

  Kernel kernel(String kernel) {
    Kernel found = kernels.get(kernel);
    if (found == null) {
      throw new PtxFault(name + " has no kernel " + kernel + ", only " + kernels.keySet());
    }
    return found;
  }

  void close() {
    globals.values().forEach(space::free);
    globals.clear();
  }
}
