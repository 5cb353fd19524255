package io.millrace.engine.tokenizer.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * A loop.
 *
 * @param condition what elements must fulfil, or null
 * @param otherwise what is rendered if there are none
 */
record Loop(
    Target target, Expression elements, Expression condition, Statement body, Statement otherwise)
    implements Statement {

  /** The variable {@code loop}. */
  static final class State {
    private final List<Object> elements;
    private final int depth;
    private int index;
    private Object lastChanged = new Undefined("changed");

    State(List<Object> elements, int depth) {
      this.elements = elements;
      this.depth = depth;
    }

    Object attribute(String name) {
      int count = elements.size();
      return switch (name) {
        case "index" -> index + 1L;
        case "index0" -> (long) index;
        case "revindex" -> (long) (count - index);
        case "revindex0" -> count - index - 1L;
        case "first" -> index == 0;
        case "last" -> index == count - 1;
        case "length" -> (long) count;
        case "depth" -> (long) depth;
        case "depth0" -> depth - 1L;
        case "previtem" -> index > 0 ? elements.get(index - 1) : new Undefined("previtem");
        case "nextitem" -> index + 1 < count ? elements.get(index + 1) : new Undefined("nextitem");
        case "cycle" ->
            (Function)
                (arguments, rendering) ->
                    arguments.positional().get(index % arguments.positional().size());
        case "changed" ->
            (Function)
                (arguments, rendering) -> {
                  boolean changed = !arguments.positional().equals(lastChanged);
                  lastChanged = arguments.positional();
                  return changed;
                };
        default -> new Undefined(name);
      };
    }
  }

  @Override
  public Flow run(Scope scope, Output output) {
    List<Object> kept = new ArrayList<>();
    for (Object element : Values.elements(elements.eval(scope), scope.rendering)) {
      if (condition != null) {
        scope.rendering.step();
        Scope inner = scope.inner();
        target.assign(inner, element);
        if (!Values.truth(condition.eval(inner))) {
          continue;
        }
      }
      kept.add(element);
    }
    int depth = scope.get("loop") instanceof State outer ? outer.depth + 1 : 1;
    State state = new State(kept, depth);
    for (state.index = 0; state.index < kept.size(); state.index++) {
      scope.rendering.step();
      Scope inner = scope.inner();
      inner.set("loop", state);
      target.assign(inner, kept.get(state.index));
      if (body.run(inner, output) == Flow.BREAK) {
        return Flow.NEXT;
      }
    }
    return kept.isEmpty() ? otherwise.run(scope.inner(), output) : Flow.NEXT;
  }
}
