package io.millrace.engine.tokenizer.jinja;

import java.util.List;

/**
 * The names that a value is assigned to.
 *
 * @param several whether the value is taken apart
 */
record Target(List<String> names, boolean several) {
  void assign(Scope scope, Object value) {
    if (!several) {
      scope.set(names.get(0), value);
      return;
    }
    List<Object> parts = Values.elements(value, scope.rendering);
    if (parts.size() != names.size()) {
      throw new JinjaException("cannot assign " + parts.size() + " values to " + names.size());
    }
    for (int i = 0; i < parts.size(); i++) {
      scope.set(names.get(i), parts.get(i));
    }
  }
}
