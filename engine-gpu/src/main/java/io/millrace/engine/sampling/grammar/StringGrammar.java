package io.millrace.engine.sampling.grammar;

/**
 * Strings of a length, that match patterns and formats. Lengths alone are counted; together with
 * patterns, or where there are several of those, all are turned into one automaton.
 */
final class StringGrammar {
  private StringGrammar() {}

  /** Returns the node to enter by. */
  static int write(JsonGrammar json, Constraints constraints, int next) {
    boolean anyLength =
        constraints.lengthMin == 0 && constraints.lengthMax == GrammarGraph.UNBOUNDED;
    if (constraints.lengthMin > constraints.lengthMax) {
      return json.graph().nothing();
    }
    if (constraints.patterns.isEmpty()) {
      return json.string(constraints.lengthMin, constraints.lengthMax, next);
    }
    if (anyLength && constraints.patterns.size() == 1) {
      return json.string(constraints.patterns.get(0)::write, next);
    }
    CharAutomaton all = CharAutomaton.lengths(constraints.lengthMin, constraints.lengthMax);
    for (Regex pattern : constraints.patterns) {
      all = all.intersect(CharAutomaton.of(pattern));
    }
    return json.string(all::write, next);
  }
}
