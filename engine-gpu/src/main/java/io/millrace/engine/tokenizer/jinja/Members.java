package io.millrace.engine.tokenizer.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Attributes, entries and methods of values. There are no others than these. */
final class Members {
  private Members() {}

  /** What stands behind a dot: a method, or else an entry. */
  static Object attribute(Object owner, String name) {
    Object of = Markup.plain(owner);
    if (of instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (of instanceof Map<?, ?> map) {
      Function method = mapMethod(map, name);
      return method != null ? method : entry(of, name);
    }
    if (of instanceof String text && PythonStrings.METHODS.contains(name)) {
      return (Function)
          (arguments, rendering) -> PythonStrings.call(text, name, arguments, rendering);
    }
    if (of instanceof List<?> list) {
      Function method = listMethod(list, name);
      return method != null ? method : new Undefined(name);
    }
    if (of instanceof Loop.State loop) {
      return loop.attribute(name);
    }
    if (of instanceof Namespace namespace) {
      return present(namespace.values(), name);
    }
    if (of instanceof Macro macro && name.equals("name")) {
      return macro.name();
    }
    return new Undefined(name);
  }

  /** What stands in square brackets: an entry, or else a method. */
  static Object entry(Object owner, Object key) {
    Object of = Markup.plain(owner);
    if (of instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (of instanceof Map<?, ?> map && map.containsKey(key)) {
      return map.get(key);
    }
    if (key instanceof Long index && of instanceof List<?> list) {
      long place = index < 0 ? index + list.size() : index;
      return place >= 0 && place < list.size()
          ? list.get((int) place)
          : new Undefined("an element");
    }
    if (key instanceof Long index && of instanceof String text) {
      long length = Values.length(text);
      long place = index < 0 ? index + length : index;
      return place >= 0 && place < length
          ? Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) place)))
          : new Undefined("a character");
    }
    if (key instanceof String name) {
      return of instanceof Map<?, ?> map && mapMethod(map, name) == null
          ? new Undefined(name)
          : attribute(of, name);
    }
    return new Undefined("an entry");
  }

  private static Object present(Map<?, ?> map, String name) {
    return map.containsKey(name) ? map.get(name) : new Undefined(name);
  }

  private static Function mapMethod(Map<?, ?> map, String name) {
    return switch (name) {
      case "items" ->
          (arguments, rendering) ->
              Values.list(map.entrySet().stream().map(e -> Tuple.of(e.getKey(), e.getValue())));
      case "keys" -> (arguments, rendering) -> Values.list(map.keySet().stream());
      case "values" -> (arguments, rendering) -> Values.list(map.values().stream());
      case "get" ->
          (arguments, rendering) -> {
            Object key = arguments.get(0, "key", null);
            return map.containsKey(key) ? map.get(key) : arguments.get(1, "default", null);
          };
      case "copy" -> (arguments, rendering) -> new LinkedHashMap<Object, Object>(map);
      case "pop", "update", "setdefault", "clear", "popitem" ->
          (arguments, rendering) -> {
            throw new JinjaException("changes a map");
          };
      default -> null;
    };
  }

  private static Function listMethod(List<?> list, String name) {
    return switch (name) {
      case "index" ->
          (arguments, rendering) -> {
            for (int i = 0; i < list.size(); i++) {
              if (Operators.equal(list.get(i), arguments.get(0, "value", null))) {
                return (long) i;
              }
            }
            throw new JinjaException("an element is not in a list");
          };
      case "count" ->
          (arguments, rendering) ->
              list.stream()
                  .filter(e -> Operators.equal(e, arguments.get(0, "value", null)))
                  .count();
      case "copy" -> (arguments, rendering) -> Values.list(list.stream());
      case "append", "extend", "insert", "pop", "remove", "clear", "reverse", "sort" ->
          (arguments, rendering) -> {
            throw new JinjaException("changes a list");
          };
      default -> null;
    };
  }
}
