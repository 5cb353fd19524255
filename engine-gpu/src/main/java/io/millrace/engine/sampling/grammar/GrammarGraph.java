package io.millrace.engine.sampling.grammar;

import java.util.function.IntPredicate;

/**
 * A language over bytes as a graph that {@link PushdownAutomaton} walks: nodes, of which those of
 * kind {@link #BYTES} consume a byte and the others lead on at once. Immutable. Every node that can
 * be reached leads to the end: what cannot was cut away.
 */
final class GrammarGraph {
  /** Consumes one byte: {@code targets} holds triples of lowest byte, highest byte, next node. */
  static final byte BYTES = 0;

  /** Goes on at any of {@code targets}. */
  static final byte CHOICE = 1;

  /** Runs the rule that starts at {@code targets[0]}, then goes on at {@code targets[1]}. */
  static final byte CALL = 2;

  /**
   * Runs the rule that starts at {@code targets[0]} from {@code targets[2]} to {@code targets[3]}
   * times, then goes on at {@code targets[1]}.
   */
  static final byte REPEAT = 3;

  /** Ends the rule, and the text if no rule called it. */
  static final byte RETURN = 4;

  /** A node that was announced and is not there yet. */
  static final byte HOLE = 5;

  /** What stands in {@code targets[3]} for any number of times. */
  static final int UNBOUNDED = Integer.MAX_VALUE;

  private final byte[] kinds;
  private final int[][] targets;
  private final int start;

  /** Bytes of one class lead to the same places everywhere in the graph. */
  private final byte[] classOfByte;

  private final int classes;

  GrammarGraph(byte[] kinds, int[][] targets, int start) {
    this.kinds = kinds;
    this.targets = targets;
    this.start = start;
    this.classOfByte = new byte[256];
    this.classes = classify();
  }

  private int classify() {
    boolean[] starts = new boolean[257];
    for (int node = 0; node < kinds.length; node++) {
      if (kinds[node] == BYTES) {
        for (int i = 0; i < targets[node].length; i += 3) {
          starts[targets[node][i]] = true;
          starts[targets[node][i + 1] + 1] = true;
        }
      }
    }
    int last = 0;
    for (int b = 1; b < 256; b++) {
      last += starts[b] ? 1 : 0;
      classOfByte[b] = (byte) last;
    }
    return last + 1;
  }

  /**
   * What of this can be written with some bytes only.
   *
   * @throws GrammarException if nothing can
   */
  GrammarGraph restrictedTo(IntPredicate alphabet) {
    return Pruning.prune(kinds, targets, start, alphabet);
  }

  int start() {
    return start;
  }

  byte kind(int node) {
    return kinds[node];
  }

  int[] targets(int node) {
    return targets[node];
  }

  int classes() {
    return classes;
  }

  int classOf(int unsignedByte) {
    return classOfByte[unsignedByte] & 0xff;
  }
}
