package io.millrace.engine.backend.cuda.ptx;

import java.util.List;

/**
 * One instruction as the text has it.
 *
 * @param line of the PTX file, from 1
 * @param guard predicate register that decides whether a thread runs it, or null
 * @param negated whether the guard must be false
 * @param opcode with its dots: {@code ld.global.f32}
 * @param text the whole, for messages
 */
record PtxStatement(
    int line, String guard, boolean negated, String opcode, List<String> operands, String text) {

  /** The part before the first dot. */
  String name() {
    int dot = opcode.indexOf('.');
    return dot < 0 ? opcode : opcode.substring(0, dot);
  }

  /** Whether one of the parts after the name is this one. */
  boolean has(String modifier) {
    return (opcode + ".").contains("." + modifier + ".");
  }

  /** The last part: mostly the type. */
  String type() {
    return opcode.substring(opcode.lastIndexOf('.') + 1);
  }

  /** Part {@code index} of the opcode, 0 being its name, or empty. */
  String part(int index) {
    String[] parts = opcode.split("\\.", -1);
    return index < parts.length ? parts[index] : "";
  }

  String operand(int index) {
    if (index >= operands.size()) {
      throw unsupported("it has too few operands");
    }
    return operands.get(index);
  }

  PtxFault unsupported(String why) {
    return new PtxFault("line " + line + ": cannot run '" + text + "': " + why);
  }
}
