package io.millrace.engine.tokenizer.jinja;

import java.util.List;

/** A parsed statement. */
@FunctionalInterface
interface Statement {
  /** How a loop goes on after a statement. */
  enum Flow {
    NEXT,
    CONTINUE,
    BREAK
  }

  Flow run(Scope scope, Output output);

  static Statement block(List<Statement> statements) {
    List<Statement> body = List.copyOf(statements);
    return (scope, output) -> {
      for (Statement statement : body) {
        scope.rendering.step();
        Flow flow = statement.run(scope, output);
        if (flow != Flow.NEXT) {
          return flow;
        }
      }
      return Flow.NEXT;
    };
  }

  /** What the statement renders, on its own. */
  default String text(Scope scope) {
    Output output = new Output(scope.rendering);
    run(scope, output);
    return output.text();
  }
}
