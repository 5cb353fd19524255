package io.millrace.engine.tokenizer.jinja;

/** A parsed expression. */
@FunctionalInterface
interface Expression {
  Object eval(Scope scope);

  /** The expression as one counted step. */
  default Expression counted() {
    return scope -> {
      scope.rendering.step();
      return eval(scope);
    };
  }
}
