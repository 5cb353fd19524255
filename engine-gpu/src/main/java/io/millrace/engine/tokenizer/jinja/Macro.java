package io.millrace.engine.tokenizer.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A macro, which sees the variables of the place where it stands. */
record Macro(String name, Signature signature, Statement body, Scope scope) implements Function {

  /**
   * @param defaults an expression, or null, for each name
   */
  record Signature(List<String> names, List<Expression> defaults) {}

  @Override
  public Object call(Arguments arguments, Rendering rendering) {
    return call(arguments, rendering, null);
  }

  /** Calls the macro with the body of a call block, or null. */
  String call(Arguments arguments, Rendering rendering, Macro caller) {
    Scope inner = scope.inner();
    List<String> names = signature.names();
    Map<String, Object> left = new LinkedHashMap<>(arguments.named());
    Object byName = left.remove("caller");
    inner.set("caller", caller != null ? caller : byName != null ? byName : undefined("caller"));
    for (int i = 0; i < names.size(); i++) {
      String parameter = names.get(i);
      Expression otherwise = signature.defaults().get(i);
      Object value;
      if (i < arguments.positional().size()) {
        value = arguments.positional().get(i);
      } else if (left.containsKey(parameter)) {
        value = left.remove(parameter);
      } else {
        value = otherwise == null ? undefined(parameter) : otherwise.eval(inner);
      }
      inner.set(parameter, value);
    }
    inner.set("varargs", new Tuple(arguments.from(names.size()).positional()));
    inner.set("kwargs", left);
    rendering.enter();
    String text = body.text(inner);
    rendering.leave();
    return text;
  }

  private static Undefined undefined(String name) {
    return new Undefined(name);
  }
}
