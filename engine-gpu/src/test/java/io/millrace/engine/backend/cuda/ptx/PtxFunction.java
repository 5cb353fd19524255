package io.millrace.engine.backend.cuda.ptx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A kernel as the text has it. */
final class PtxFunction {
  final String name;
  final List<PtxVariable> parameters = new ArrayList<>();
  final List<PtxVariable> variables = new ArrayList<>();
  final List<PtxStatement> statements = new ArrayList<>();

  /** Label to the index of the statement after it. */
  final Map<String, Integer> labels = new HashMap<>();

  private final Map<String, String> registerTypes = new HashMap<>();

  PtxFunction(String name) {
    this.name = name;
  }

  /** Declares {@code %r<9>} (as {@code %r<}) or a single name. */
  void declareRegister(String name, String type) {
    registerTypes.put(name, type);
  }

  /** The declared type of a register, or null where the name is none. */
  String registerType(String name) {
    String exact = registerTypes.get(name);
    if (exact != null) {
      return exact;
    }
    int end = name.length();
    while (end > 0 && Character.isDigit(name.charAt(end - 1))) {
      end--;
    }
    return end == name.length() ? null : registerTypes.get(name.substring(0, end) + "<");
  }
}
