package io.millrace.engine.sampling.grammar;

import io.millrace.engine.sampling.grammar.PushdownAutomaton.State;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Masks computed before, by state; the least recently used go first. Shared by all grammars over a
 * vocabulary, so that one bound holds for all. Thread-safe.
 */
final class MaskCache {
  private final long bytesMax;
  private final Map<State, TokenMask> masks = new LinkedHashMap<>(64, 0.75f, true);
  private long bytes;

  MaskCache(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  synchronized TokenMask get(State state) {
    return masks.get(state);
  }

  synchronized void put(State state, TokenMask mask) {
    TokenMask replaced = masks.put(state, mask);
    bytes += mask.bytes() - (replaced == null ? 0 : replaced.bytes());
    var eldest = masks.entrySet().iterator();
    while (bytes > bytesMax && masks.size() > 1) {
      bytes -= eldest.next().getValue().bytes();
      eldest.remove();
    }
  }

  synchronized int size() {
    return masks.size();
  }
}
