package io.millrace.engine.tokenizer.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The arguments of a call as they are written.
 *
 * @param more what stands behind a star, or null
 * @param moreNamed what stands behind two, or null
 */
record ArgumentList(
    List<Expression> positional,
    Map<String, Expression> named,
    Expression more,
    Expression moreNamed) {
  static final ArgumentList NONE = new ArgumentList(List.of(), Map.of(), null, null);

  Arguments eval(Scope scope) {
    if (this.equals(NONE)) {
      return Arguments.NONE;
    }
    List<Object> values = new ArrayList<>();
    positional.forEach(expression -> values.add(expression.eval(scope)));
    if (more != null) {
      values.addAll(Values.elements(more.eval(scope), scope.rendering));
    }
    Map<String, Object> byName = new LinkedHashMap<>();
    named.forEach((name, expression) -> byName.put(name, expression.eval(scope)));
    if (moreNamed != null && moreNamed.eval(scope) instanceof Map<?, ?> map) {
      map.forEach((name, value) -> byName.put(String.valueOf(name), value));
    }
    return new Arguments(values, byName);
  }
}
