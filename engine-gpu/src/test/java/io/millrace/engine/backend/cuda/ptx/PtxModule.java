package io.millrace.engine.backend.cuda.ptx;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A module's kernels, compiled when they are first asked for, and its variables, in device memory.
 *
 * <p>What was read and compiled is kept for the next module of the same text: tests load the same
 * few again and again. Kernels of a module with variables hold their addresses and are not shared.
 */
final class PtxModule {
  private static final int KEPT_MAX = 64;

  /** A text as it was read, with the kernels that any module may share. */
  private record Read(PtxParser parsed, Map<String, Kernel> kernels) {}

  private static final Map<String, Read> KEPT =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Read> eldest) {
          return size() > KEPT_MAX;
        }
      };

  private final String name;
  private final DeviceSpace space;
  private final PtxParser parsed;
  private final Map<String, Long> globals = new HashMap<>();
  private final Map<String, Kernel> kernels;

  /**
   * @param name for messages
   */
  PtxModule(String name, String ptx, DeviceSpace space) {
    this.name = name;
    this.space = space;
    Read read = read(name, ptx);
    parsed = read.parsed;
    for (PtxVariable variable : parsed.variables) {
      if (variable.space().equals("global") || variable.space().equals("const")) {
        define(variable);
      }
    }
    kernels = globals.isEmpty() ? read.kernels : new HashMap<>();
  }

  private static Read read(String name, String ptx) {
    synchronized (KEPT) {
      Read read = KEPT.get(ptx);
      if (read == null) {
        try {
          read = new Read(PtxParser.parse(ptx), new HashMap<>());
        } catch (PtxFault e) {
          throw new PtxFault(name + ": " + e.getMessage());
        }
        KEPT.put(ptx, read);
      }
      return read;
    }
  }

  private void define(PtxVariable variable) {
    long address = space.allocate(variable.name(), variable.bytes());
    globals.put(variable.name(), address);
    Memory memory = space.find(address);
    byte[] initial = variable.initial() == null ? new byte[variable.bytes()] : variable.initial();
    System.arraycopy(initial, 0, memory.bytes, 0, initial.length);
    Arrays.fill(memory.state, Memory.WRITTEN);
  }

  /** Names of all kernels, in the text's order. */
  Iterable<String> names() {
    return parsed.functions.stream().map(function -> function.name).toList();
  }

  Kernel kernel(String kernel) {
    synchronized (KEPT) {
      Kernel known = kernels.get(kernel);
      if (known != null) {
        return known;
      }
      for (PtxFunction function : parsed.functions) {
        if (function.name.equals(kernel)) {
          try {
            Kernel compiled = KernelCompiler.compile(function, parsed.variables, globals);
            kernels.put(kernel, compiled);
            return compiled;
          } catch (PtxFault e) {
            throw new PtxFault(name + ", " + kernel + ": " + e.getMessage());
          }
        }
      }
    }
    throw new PtxFault(name + " has no kernel " + kernel + ", only " + names());
  }

  void close() {
    globals.values().forEach(space::free);
    globals.clear();
  }
}
