package io.millrace.engine.tokenizer.jinja;

import java.util.List;
import java.util.Map;

/**
 * The arguments of a call.
 *
 * @param positional in order
 * @param named by name, in order
 */
record Arguments(List<Object> positional, Map<String, Object> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  /** The argument at this place or of this name, or what is given for an absent one. */
  Object get(int place, String name, Object absent) {
    if (place < positional.size()) {
      return positional.get(place);
    }
    return named.containsKey(name) ? named.get(name) : absent;
  }

  /** A string that must be there. */
  String string(int place, String name) {
    if (get(place, name, null) instanceof String text) {
      return text;
    }
    throw new JinjaException("argument '" + name + "' must be a string");
  }

  /** A whole number. */
  long integer(int place, String name, long absent) {
    Object value = get(place, name, absent);
    if (value instanceof Long number) {
      return number;
    }
    if (value instanceof Boolean flag) {
      return flag ? 1 : 0;
    }
    throw new JinjaException("argument '" + name + "' must be a whole number");
  }

  boolean flag(int place, String name) {
    return Values.truth(get(place, name, false));
  }

  boolean has(int place, String name) {
    return place < positional.size() || named.containsKey(name);
  }

  Arguments from(int place) {
    return new Arguments(
        positional.subList(Math.min(place, positional.size()), positional.size()), named);
  }
}
