package io.millrace.engine.backend.cuda.ptx;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes a kernel's statements runnable, once for all launches. */
final class KernelCompiler {
  /** Bytes between two shared variables that belong to neither. */
  private static final int GAP_BYTES = 64;

  private final PtxFunction function;
  private final Map<String, Long> addresses = new HashMap<>();
  private final Operands operands;
  private byte[] shared = new byte[0];
  private int sharedDeclared;
  private int localBytes;
  private int parameterBytes;
  private int sharedGranule = 4;
  private int globalGranule = 4;

  /**
   * @param globals addresses of the module's variables in global and constant memory
   */
  private KernelCompiler(
      PtxFunction function, List<PtxVariable> moduleVariables, Map<String, Long> globals) {
    this.function = function;
    addresses.putAll(globals);
    layOutParameters();
    layOutShared(moduleVariables);
    layOutLocal();
    operands = new Operands(function, addresses);
  }

  static Kernel compile(
      PtxFunction function, List<PtxVariable> moduleVariables, Map<String, Long> globals) {
    return new KernelCompiler(function, moduleVariables, globals).kernel();
  }

  private Kernel kernel() {
    Instruction[] code = new Instruction[function.statements.size()];
    for (int i = 0; i < code.length; i++) {
      PtxStatement statement = function.statements.get(i);
      try {
        code[i] = instruction(statement);
      } catch (PtxFault e) {
        throw e.getMessage().startsWith("line ") ? e : statement.unsupported(e.getMessage());
      }
      noteGranule(statement);
    }
    return new Kernel(
        function.name,
        code,
        new int[] {operands.narrowCount(), operands.wideCount(), operands.predicateCount()},
        operands.narrowConstants,
        operands.wideConstants,
        operands.specials,
        shared,
        shared.length,
        sharedDeclared,
        localBytes,
        parameterBytes,
        Integer.numberOfTrailingZeros(sharedGranule),
        Integer.numberOfTrailingZeros(globalGranule));
  }

  // ---- layout

  private static int align(int offset, int alignment) {
    return (offset + alignment - 1) / alignment * alignment;
  }

  private void layOutParameters() {
    for (PtxVariable parameter : function.parameters) {
      int at = align(parameterBytes, parameter.alignment());
      addresses.put(parameter.name(), (long) at);
      parameterBytes = at + parameter.bytes();
    }
  }

  /** Static variables with gaps between them; dynamic shared memory begins behind the last gap. */
  private void layOutShared(List<PtxVariable> moduleVariables) {
    int end = 0;
    for (List<PtxVariable> variables : List.of(moduleVariables, function.variables)) {
      for (PtxVariable variable : variables) {
        if (variable.space().equals("shared") && variable.bytes() > 0) {
          int at = align(end, Math.max(16, variable.alignment()));
          addresses.put(variable.name(), (long) at);
          int used = at + variable.bytes();
          byte[] grown = Arrays.copyOf(shared, align(used + GAP_BYTES, 128));
          Arrays.fill(grown, shared.length == 0 ? 0 : end, grown.length, Memory.GAP);
          Arrays.fill(grown, at, used, Memory.POISON);
          shared = grown;
          end = used + GAP_BYTES;
          sharedDeclared += variable.bytes();
        }
      }
    }
    for (PtxVariable variable : moduleVariables) {
      if (variable.space().equals("shared") && variable.bytes() == 0) {
        addresses.put(variable.name(), (long) shared.length);
      }
    }
  }

  private void layOutLocal() {
    for (PtxVariable variable : function.variables) {
      if (variable.space().equals("local")) {
        localBytes = align(localBytes, Math.max(1, variable.alignment()));
        addresses.put(variable.name(), (long) localBytes);
        localBytes += variable.bytes();
      }
    }
  }

  /** Accesses of fewer bytes than 4 make the race detector look closer. */
  private void noteGranule(PtxStatement s) {
    boolean touches = s.name().equals("ld") || s.name().equals("st");
    if (touches && !s.has("param") && !s.has("local")) {
      int size = MemoryOps.size(s.type());
      if (s.has("shared")) {
        sharedGranule = Math.min(sharedGranule, size);
      } else if (s.has("global")) {
        globalGranule = Math.min(globalGranule, size);
      } else {
        sharedGranule = Math.min(sharedGranule, size);
        globalGranule = Math.min(globalGranule, size);
      }
    }
  }

  // ---- instructions

  private Instruction instruction(PtxStatement s) {
    switch (s.name()) {
      case "bra":
        Integer target = function.labels.get(s.operand(0));
        if (target == null) {
          throw s.unsupported("there is no such label");
        }
        return make(Instruction.Kind.BRANCH, s, null, target, -1, -1);
      case "ret":
      case "exit":
        return make(Instruction.Kind.RETURN, s, null, -1, -1, -1);
      case "bar":
      case "barrier":
        if (!s.has("warp")) {
          return barrier(s);
        }
        break;
      default:
        break;
    }
    Step together = WarpOps.compile(s, operands);
    if (together == null) {
      together = MatrixOps.compile(s, operands);
    } else if (s.name().equals("activemask")) {
      return make(Instruction.Kind.PLAIN, s, together, -1, -1, -1);
    }
    if (together != null) {
      String members = WarpOps.members(s);
      int slot = members == null ? -1 : operands.narrow(members);
      return make(Instruction.Kind.CONVERGED, s, together, -1, slot, -1);
    }
    return make(Instruction.Kind.PLAIN, s, plain(s), -1, -1, -1);
  }

  private Instruction barrier(PtxStatement s) {
    if (!s.has("sync")) {
      throw s.unsupported("only bar.sync is known");
    }
    int threads = s.operands().size() > 1 ? (int) Operands.literal(s.operand(1)) : -1;
    int number = (int) Operands.literal(s.operand(0));
    return make(Instruction.Kind.BARRIER, s, null, -1, number, threads);
  }

  private Instruction make(
      Instruction.Kind kind, PtxStatement s, Step step, int target, int slot, int threads) {
    int guard = s.guard() == null ? -1 : operands.predicate(s.guard());
    return new Instruction(kind, s, guard, s.negated(), step, target, slot, threads);
  }

  private Step plain(PtxStatement s) {
    Step step = PredicateOps.compile(s, operands);
    if (step == null) {
      step = Conversions.compile(s, operands);
    }
    if (step == null) {
      step = MemoryOps.compile(s, operands);
    }
    if (step == null) {
      step = AtomicOps.compile(s, operands);
    }
    if (step == null) {
      step = arithmetic(s);
    }
    if (step == null) {
      throw s.unsupported("the instruction is not known");
    }
    return step;
  }

  private Step arithmetic(PtxStatement s) {
    String type = s.type();
    if (type.equals("f32") || type.equals("f64")) {
      return FloatOps.compile(s, operands);
    }
    if (type.contains("f16")) {
      return HalfOps.compile(s, operands);
    }
    return type.matches("[bsu](16|32|64)") ? IntegerOps.compile(s, operands) : null;
  }
}
