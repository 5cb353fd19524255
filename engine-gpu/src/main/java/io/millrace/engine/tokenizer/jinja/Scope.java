package io.millrace.engine.tokenizer.jinja;

import java.util.HashMap;
import java.util.Map;

/** Variables, seen from the inside out. */
final class Scope {
  final Rendering rendering;
  private final Scope outer;
  private final Map<String, Object> variables = new HashMap<>();

  Scope(Rendering rendering) {
    this.rendering = rendering;
    this.outer = null;
  }

  private Scope(Scope outer, Rendering rendering) {
    this.rendering = rendering;
    this.outer = outer;
  }

  Scope inner() {
    return new Scope(this, rendering);
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }

  Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      Object value = scope.variables.get(name);
      if (value != null || scope.variables.containsKey(name)) {
        return value;
      }
    }
    return new Undefined(name);
  }
}
