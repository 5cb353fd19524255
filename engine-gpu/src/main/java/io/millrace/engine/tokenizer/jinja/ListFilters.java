package io.millrace.engine.tokenizer.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/** The filters that work on lists. */
final class ListFilters {
  private ListFilters() {}

  static void install(Map<String, Filters.Filter> filters) {
    filters.put("batch", ListFilters::batch);
    filters.put("dictsort", ListFilters::dictSort);
    filters.put("first", (v, a, r) -> at(Values.elements(v, r), true));
    filters.put("groupby", ListFilters::groupBy);
    filters.put("join", ListFilters::join);
    filters.put("last", (v, a, r) -> at(Values.elements(v, r), false));
    filters.put("map", ListFilters::map);
    filters.put("max", (v, a, r) -> extreme(v, a, r, ListFilters::ignoringCase));
    Comparator<Object> reversed = (x, y) -> ignoringCase(y, x);
    filters.put("min", (v, a, r) -> extreme(v, a, r, reversed));
    filters.put("reject", (v, a, r) -> select(v, a, r, false, false));
    filters.put("rejectattr", (v, a, r) -> select(v, a, r, true, false));
    filters.put("select", (v, a, r) -> select(v, a, r, false, true));
    filters.put("selectattr", (v, a, r) -> select(v, a, r, true, true));
    filters.put("sort", ListFilters::sort);
    filters.put("sum", ListFilters::sum);
    filters.put("unique", ListFilters::unique);
  }

  private static Object at(List<Object> elements, boolean first) {
    return elements.isEmpty()
        ? new Undefined("an element of an empty list")
        : elements.get(first ? 0 : elements.size() - 1);
  }

  /** How an element's attribute is found: names and indexes with dots between. */
  private static UnaryOperator<Object> path(Object attribute) {
    if (attribute == null) {
      return element -> element;
    }
    if (attribute instanceof Long index) {
      return element -> Members.entry(element, index);
    }
    String[] names = String.valueOf(attribute).split("\\.");
    return element -> {
      Object value = element;
      for (String name : names) {
        value = Members.entry(value, name.matches("\\d{1,9}") ? (Object) Long.valueOf(name) : name);
      }
      return value;
    };
  }

  /** For filters that take anything false for an empty list. */
  private static List<Object> elementsOrNone(Object value, Rendering rendering) {
    return Values.truth(value) ? Values.elements(value, rendering) : List.of();
  }

  private static Object map(Object value, Arguments arguments, Rendering rendering) {
    UnaryOperator<Object> function;
    if (arguments.named().containsKey("attribute")) {
      Object otherwise = arguments.named().getOrDefault("default", null);
      boolean replaces = arguments.named().containsKey("default");
      UnaryOperator<Object> path = path(arguments.named().get("attribute"));
      function =
          element -> {
            Object found = path.apply(element);
            return replaces && found instanceof Undefined ? otherwise : found;
          };
    } else {
      Filters.Filter filter = Filters.byName(arguments.string(0, "filter"));
      Arguments rest = arguments.from(1);
      function = element -> filter.apply(element, rest, rendering);
    }
    List<Object> mapped = new ArrayList<>();
    for (Object element : elementsOrNone(value, rendering)) {
      rendering.step();
      mapped.add(function.apply(element));
    }
    return mapped;
  }

  private static Object select(
      Object value, Arguments arguments, Rendering rendering, boolean byAttribute, boolean keep) {
    int next = byAttribute ? 1 : 0;
    UnaryOperator<Object> path = path(byAttribute ? arguments.get(0, "attribute", null) : null);
    boolean tested = arguments.positional().size() > next;
    Tests.Test test =
        tested ? Tests.byName(arguments.string(next, "test")) : (v, a, r) -> Values.truth(v);
    Arguments rest = arguments.from(next + 1);
    List<Object> selected = new ArrayList<>();
    for (Object element : elementsOrNone(value, rendering)) {
      rendering.step();
      if (test.holds(path.apply(element), rest, rendering) == keep) {
        selected.add(element);
      }
    }
    return selected;
  }

  private static Object join(Object value, Arguments arguments, Rendering rendering) {
    String separator = Values.text(arguments.get(0, "d", ""));
    UnaryOperator<Object> path = path(arguments.get(1, "attribute", null));
    StringBuilder joined = new StringBuilder();
    String before = "";
    for (Object element : Values.elements(value, rendering)) {
      String part = Values.text(path.apply(element));
      rendering.make((long) joined.length() / 64 + part.length() + separator.length());
      joined.append(before).append(part);
      before = separator;
    }
    return rendering.made(joined.toString());
  }

  /** Order that takes upper and lower case for the same, as jinja2's filters do. */
  static int ignoringCase(Object a, Object b) {
    return Operators.order(folded(a), folded(b));
  }

  private static Object folded(Object value) {
    return value instanceof String text ? text.toLowerCase(Locale.ROOT) : value;
  }

  private static Object sort(Object value, Arguments arguments, Rendering rendering) {
    List<Object> sorted = Values.elements(value, rendering);
    boolean exact = arguments.flag(1, "case_sensitive");
    UnaryOperator<Object> path = path(arguments.get(2, "attribute", null));
    rendering.make(64L * sorted.size());
    Comparator<Object> order =
        (a, b) ->
            exact
                ? Operators.order(path.apply(a), path.apply(b))
                : ignoringCase(path.apply(a), path.apply(b));
    sorted.sort(arguments.flag(0, "reverse") ? Collections.reverseOrder(order) : order);
    return sorted;
  }

  private static Object dictSort(Object value, Arguments arguments, Rendering rendering) {
    int place = "value".equals(arguments.get(1, "by", "key")) ? 1 : 0;
    Map<String, Object> named = new LinkedHashMap<>();
    named.put("attribute", (long) place);
    named.put("reverse", arguments.flag(2, "reverse"));
    named.put("case_sensitive", arguments.flag(0, "case_sensitive"));
    return sort(Filters.items(value), new Arguments(List.of(), named), rendering);
  }

  private static Object extreme(
      Object value, Arguments arguments, Rendering rendering, Comparator<Object> order) {
    UnaryOperator<Object> path = path(arguments.get(1, "attribute", null));
    return Values.elements(value, rendering).stream()
        .reduce((a, b) -> order.compare(path.apply(a), path.apply(b)) >= 0 ? a : b)
        .orElse(new Undefined("the largest or smallest of nothing"));
  }

  private static Object sum(Object value, Arguments arguments, Rendering rendering) {
    UnaryOperator<Object> path = path(arguments.get(0, "attribute", null));
    Object sum = arguments.get(1, "start", 0L);
    for (Object element : Values.elements(value, rendering)) {
      sum = Operators.apply("+", sum, path.apply(element), rendering);
    }
    return sum;
  }

  private static Object unique(Object value, Arguments arguments, Rendering rendering) {
    UnaryOperator<Object> path = path(arguments.get(1, "attribute", null));
    boolean exact = arguments.flag(0, "case_sensitive");
    Map<Object, Object> first = new LinkedHashMap<>();
    for (Object element : Values.elements(value, rendering)) {
      Object key = path.apply(element);
      first.putIfAbsent(exact ? key : folded(key), element);
    }
    return new ArrayList<>(first.values());
  }

  private static Object batch(Object value, Arguments arguments, Rendering rendering) {
    long size = arguments.integer(0, "linecount", 1);
    List<Object> batches = new ArrayList<>();
    List<Object> batch = new ArrayList<>();
    for (Object element : Values.elements(value, rendering)) {
      if (batch.size() >= Math.max(1, size)) {
        batches.add(batch);
        batch = new ArrayList<>();
      }
      batch.add(element);
    }
    if (!batch.isEmpty()) {
      Object filler = arguments.get(1, "fill_with", null);
      rendering.make(Math.max(0, size));
      while (filler != null && batch.size() < size) {
        batch.add(filler);
      }
      batches.add(batch);
    }
    return batches;
  }

  private static Object groupBy(Object value, Arguments arguments, Rendering rendering) {
    Object attribute = arguments.get(0, "attribute", null);
    UnaryOperator<Object> path = path(attribute);
    Map<String, Object> named = new LinkedHashMap<>();
    named.put("attribute", attribute);
    List<Object> groups = new ArrayList<>();
    List<Object> group = new ArrayList<>();
    Object last = null;
    for (Object element : (List<?>) sort(value, new Arguments(List.of(), named), rendering)) {
      Object key = path.apply(element);
      if (group.isEmpty() || !Operators.equal(folded(key), folded(last))) {
        group = new ArrayList<>();
        groups.add(Tuple.of(key, group));
      }
      group.add(element);
      last = key;
    }
    return groups;
  }
}
