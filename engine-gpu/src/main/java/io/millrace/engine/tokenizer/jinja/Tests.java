package io.millrace.engine.tokenizer.jinja;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** jinja2's tests, which stand behind {@code is}. */
final class Tests {

  /** A test; arguments are those behind the value. */
  @FunctionalInterface
  interface Test {
    boolean holds(Object value, Arguments arguments, Rendering rendering);
  }

  private static final Map<String, Test> BY_NAME = new HashMap<>();

  static {
    add("defined", (v, a, r) -> !(v instanceof Undefined));
    add("undefined", (v, a, r) -> v instanceof Undefined);
    add("none", (v, a, r) -> v == null);
    add("boolean", (v, a, r) -> v instanceof Boolean);
    add("true", (v, a, r) -> Boolean.TRUE.equals(v));
    add("false", (v, a, r) -> Boolean.FALSE.equals(v));
    add("integer", (v, a, r) -> v instanceof Long);
    add("float", (v, a, r) -> v instanceof Double);
    add("number", (v, a, r) -> v instanceof Number || v instanceof Boolean);
    add("string", (v, a, r) -> Markup.plain(v) instanceof String);
    add("mapping", (v, a, r) -> v instanceof Map);
    add("iterable", (v, a, r) -> isIterable(v));
    add("sequence", (v, a, r) -> isIterable(v));
    add("callable", (v, a, r) -> v instanceof Function);
    add("odd", (v, a, r) -> remainder(v, 2) != 0);
    add("even", (v, a, r) -> remainder(v, 2) == 0);
    add("divisibleby", (v, a, r) -> remainder(v, a.integer(0, "num", 0)) == 0);
    add("lower", (v, a, r) -> PythonStrings.isCase(Values.text(v), false));
    add("upper", (v, a, r) -> PythonStrings.isCase(Values.text(v), true));
    add("sameas", (v, a, r) -> v == a.get(0, "other", null) || isSame(v, a.get(0, "other", null)));
    add("escaped", (v, a, r) -> v instanceof Markup);
    add("filter", (v, a, r) -> exists(() -> Filters.byName(Values.text(v))));
    add("test", (v, a, r) -> exists(() -> byName(Values.text(v))));
    compare("==", List.of("eq", "equalto", "=="));
    compare("!=", List.of("ne", "!="));
    compare("<", List.of("lt", "lessthan", "<"));
    compare("<=", List.of("le", "<="));
    compare(">", List.of("gt", "greaterthan", ">"));
    compare(">=", List.of("ge", ">="));
    compare("in", List.of("in"));
  }

  private Tests() {}

  private static void add(String name, Test test) {
    BY_NAME.put(name, test);
  }

  private static void compare(String operator, List<String> names) {
    for (String name : names) {
      add(name, (v, a, r) -> Operators.compare(operator, v, a.get(0, "other", null), r));
    }
  }

  /**
   * @throws JinjaException if there is none of this name
   */
  static Test byName(String name) {
    Test test = BY_NAME.get(name);
    if (test == null) {
      throw new JinjaException("there is no test " + name);
    }
    return test;
  }

  private static boolean isIterable(Object value) {
    return Markup.plain(value) instanceof String
        || value instanceof Collection
        || value instanceof Map
        || value instanceof Undefined;
  }

  private static boolean isSame(Object a, Object b) {
    return (a instanceof Boolean || a instanceof Long) && a.equals(b);
  }

  private static long remainder(Object value, long by) {
    if (value instanceof Long number && by != 0) {
      return Math.floorMod(number, by);
    }
    throw new JinjaException("divides what is no whole number");
  }

  private static boolean exists(Runnable search) {
    try {
      search.run();
      return true;
    } catch (JinjaException e) {
      return false;
    }
  }
}
