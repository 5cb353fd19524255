package io.millrace.engine.tokenizer.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** jinja2's filters, but for those that only make sense on web pages, and Hugging Face's tojson. */
final class Filters {

  /** A filter; arguments are those behind the value. */
  @FunctionalInterface
  interface Filter {
    Object apply(Object value, Arguments arguments, Rendering rendering);
  }

  private static final Map<String, Filter> BY_NAME = new HashMap<>();

  static {
    add("abs", (v, a, r) -> v instanceof Long n ? (Object) Math.abs(n) : Math.abs(number(v)));
    add("attr", (v, a, r) -> Members.attribute(v, a.string(0, "name")));
    add("default", Filters::orDefault);
    add("d", Filters::orDefault);
    add("float", (v, a, r) -> toNumber(v, a.get(0, "default", 0.0), false));
    add("format", (v, a, r) -> Formats.percent(text(v), a.positional(), r));
    add("int", (v, a, r) -> toNumber(v, a.get(0, "default", 0L), true));
    add("items", (v, a, r) -> v instanceof Undefined ? List.of() : items(v));
    add("length", (v, a, r) -> Values.length(v));
    add("count", (v, a, r) -> Values.length(v));
    add("list", (v, a, r) -> Values.elements(v, r));
    add("pprint", (v, a, r) -> Values.represented(v));
    add("replace", (v, a, r) -> PythonStrings.call(text(v), "replace", a, r));
    add("reverse", (v, a, r) -> Slices.slice(v, null, null, -1L));
    add("round", Filters::round);
    add("safe", (v, a, r) -> new Markup(text(v)));
    add("string", (v, a, r) -> text(v));
    add("tojson", (v, a, r) -> PythonJson.write(v, a, r));
    add("escape", Filters::escape);
    add("e", Filters::escape);
    add("forceescape", (v, a, r) -> new Markup(r.made(Markup.escape(text(v)))));
    add("trim", (v, a, r) -> PythonStrings.call(text(v), "strip", a, r));
    for (String method : List.of("capitalize", "lower", "upper")) {
      add(method, (v, a, r) -> PythonStrings.call(text(v), method, Arguments.NONE, r));
    }
    add("center", (v, a, r) -> PythonStrings.call(text(v), "center", width(a, 80), r));
    add("indent", Filters::indent);
    add("title", (v, a, r) -> titled(text(v)));
    add("wordcount", (v, a, r) -> (long) PythonStrings.words(text(v)).size());
    ListFilters.install(BY_NAME);
  }

  private Filters() {}

  private static void add(String name, Filter filter) {
    BY_NAME.put(name, filter);
  }

  /**
   * @throws JinjaException if there is none of this name
   */
  static Filter byName(String name) {
    Filter filter = BY_NAME.get(name);
    if (filter == null) {
      throw new JinjaException("there is no filter " + name);
    }
    return filter;
  }

  private static String text(Object value) {
    return Values.text(value);
  }

  private static double number(Object value) {
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw new JinjaException("a filter needs a number");
  }

  private static Arguments width(Arguments arguments, long absent) {
    return new Arguments(List.of(arguments.integer(0, "width", absent)), Map.of());
  }

  private static Object escape(Object value, Arguments arguments, Rendering rendering) {
    return value instanceof Markup ? value : new Markup(rendering.made(Markup.escape(text(value))));
  }

  private static Object orDefault(Object value, Arguments arguments, Rendering rendering) {
    boolean absent =
        value instanceof Undefined || (arguments.flag(1, "boolean") && !Values.truth(value));
    return absent ? arguments.get(0, "default_value", "") : value;
  }

  private static Object toNumber(Object value, Object otherwise, boolean whole) {
    if (value instanceof Boolean flag) {
      return whole ? (Object) (flag ? 1L : 0L) : (flag ? 1.0 : 0.0);
    }
    if (value instanceof Number number) {
      return whole ? (Object) number.longValue() : number.doubleValue();
    }
    try {
      double parsed = Double.parseDouble(PythonStrings.strip(text(value)));
      return whole ? (Object) (long) parsed : parsed;
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  static List<Object> items(Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new JinjaException("asks for the entries of what is no map");
    }
    return Values.list(map.entrySet().stream().map(e -> Tuple.of(e.getKey(), e.getValue())));
  }

  private static Object round(Object value, Arguments arguments, Rendering rendering) {
    double scale = Math.pow(10, (double) arguments.integer(0, "precision", 0));
    double scaled = number(value) * scale;
    return switch (String.valueOf(arguments.get(1, "method", "common"))) {
      case "ceil" -> Math.ceil(scaled) / scale;
      case "floor" -> Math.floor(scaled) / scale;
      default -> Math.rint(scaled) / scale;
    };
  }

  private static Object indent(Object value, Arguments arguments, Rendering rendering) {
    Object width = arguments.get(0, "width", 4L);
    String indention = width instanceof String given ? given : " ".repeat(spaces(width));
    boolean blank = arguments.flag(2, "blank");
    List<String> lines = PythonStrings.lines(text(value) + "\n");
    rendering.make(lines.size() * (long) indention.length());
    StringBuilder out = new StringBuilder(arguments.flag(1, "first") ? indention : "");
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      out.append(i == 0 ? "" : "\n");
      out.append(i > 0 && (blank || !line.isEmpty()) ? indention : "").append(line);
    }
    return rendering.made(out.toString());
  }

  private static int spaces(Object width) {
    if (width instanceof Long count && count >= 0 && count <= 1000) {
      return count.intValue();
    }
    throw new JinjaException("indents by what is no number from 0 to 1000");
  }

  /** Words begin behind white space, hyphens and opening brackets, other than in the method. */
  private static String titled(String text) {
    StringBuilder out = new StringBuilder(text.length());
    boolean starts = true;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      out.append(starts ? Character.toUpperCase(c) : Character.toLowerCase(c));
      starts = PythonStrings.isSpace(c) || "-({[<".indexOf(c) >= 0;
    }
    return out.toString();
  }
}
