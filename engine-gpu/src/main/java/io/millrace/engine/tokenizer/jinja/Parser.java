package io.millrace.engine.tokenizer.jinja;

import io.millrace.engine.tokenizer.jinja.Statement.Flow;
import io.millrace.engine.tokenizer.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses templates: text, prints and statements. */
final class Parser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private int loops;

  Parser(List<Token> tokens) {
    this.tokens = new TokenStream(tokens);
    this.expressions = new ExpressionParser(this.tokens);
  }

  Statement template() {
    Statement body = body(Set.of());
    if (tokens.current().kind() != Kind.END) {
      throw tokens.failure("unexpected '" + tokens.ahead().text() + "'");
    }
    return body;
  }

  /** Statements up to a block of one of these names, which becomes the current one. */
  private Statement body(Set<String> ends) {
    tokens.enter();
    List<Statement> statements = new ArrayList<>();
    while (tokens.current().kind() != Kind.END) {
      if (tokens.current().kind() == Kind.DATA) {
        String text = tokens.next().text();
        statements.add(
            (scope, output) -> {
              output.append(text);
              return Flow.NEXT;
            });
      } else if (tokens.current().kind() == Kind.PRINT_BEGIN) {
        tokens.next();
        Expression value = expressions.tuple();
        tokens.expect(Kind.PRINT_END);
        statements.add(
            (scope, output) -> {
              output.append(Values.text(value.eval(scope)));
              return Flow.NEXT;
            });
      } else if (ends.contains(tokens.ahead().text())) {
        tokens.next();
        tokens.leave();
        return Statement.block(statements);
      } else {
        tokens.expect(Kind.BLOCK_BEGIN);
        statements.add(statement(tokens.expect(Kind.NAME).text()));
      }
    }
    if (!ends.isEmpty()) {
      throw tokens.failure("a block lacks its end (" + String.join(" or ", ends) + ")");
    }
    tokens.leave();
    return Statement.block(statements);
  }

  private void blockEnd() {
    tokens.expect(Kind.BLOCK_END);
  }

  /** The body of a block with a single end. */
  private Statement bodyUntil(String end) {
    blockEnd();
    Statement body = body(Set.of(end));
    tokens.next();
    blockEnd();
    return body;
  }

  private Statement statement(String name) {
    return switch (name) {
      case "if" -> branch();
      case "for" -> loop();
      case "set" -> set();
      case "macro" -> macro();
      case "call" -> callBlock();
      case "filter" -> filterBlock();
      case "generation" -> {
        Statement body = bodyUntil("endgeneration");
        yield (scope, output) -> body.run(scope.inner(), output);
      }
      case "with" -> with();
      case "break" -> jump(Flow.BREAK);
      case "continue" -> jump(Flow.CONTINUE);
      case "do" -> {
        Expression value = expressions.tuple();
        blockEnd();
        yield (scope, output) -> {
          value.eval(scope);
          return Flow.NEXT;
        };
      }
      default -> throw tokens.failure("unknown tag '" + name + "'");
    };
  }

  private Statement jump(Flow flow) {
    if (loops == 0) {
      throw tokens.failure("leaves a loop where there is none");
    }
    blockEnd();
    return (scope, output) -> flow;
  }

  private Statement branch() {
    tokens.enter();
    Expression condition = expressions.tuple();
    blockEnd();
    Statement then = body(Set.of("elif", "else", "endif"));
    String end = tokens.next().text();
    Statement otherwise =
        switch (end) {
          case "elif" -> branch();
          case "else" -> bodyUntil("endif");
          default -> {
            blockEnd();
            yield Statement.block(List.of());
          }
        };
    tokens.leave();
    return (scope, output) ->
        (Values.truth(condition.eval(scope)) ? then : otherwise).run(scope, output);
  }

  private Statement loop() {
    Target target = target();
    tokens.expectName("in");
    Expression elements = loopElements();
    Expression condition = tokens.skipName("if") ? expressions.expression() : null;
    if (tokens.isName("recursive")) {
      throw tokens.failure("recursive loops are not supported: one");
    }
    blockEnd();
    loops++;
    Statement body = body(Set.of("else", "endfor"));
    loops--;
    Statement otherwise = Statement.block(List.of());
    if (tokens.next().text().equals("else")) {
      otherwise = bodyUntil("endfor");
    } else {
      blockEnd();
    }
    return new Loop(target, elements, condition, body, otherwise);
  }

  private Expression loopElements() {
    Expression first = expressions.or();
    if (!tokens.isOperator(",")) {
      return first;
    }
    List<Expression> elements = new ArrayList<>(List.of(first));
    while (tokens.skipOperator(",")) {
      elements.add(expressions.or());
    }
    return scope -> new Tuple(elements.stream().map(e -> e.eval(scope)).toList());
  }

  /** Names to assign to, one or several. */
  private Target target() {
    boolean brackets = tokens.skipOperator("(");
    List<String> names = new ArrayList<>(List.of(tokens.expect(Kind.NAME).text()));
    boolean several = false;
    while (tokens.skipOperator(",")) {
      several = true;
      if (tokens.current().kind() == Kind.NAME) {
        names.add(tokens.next().text());
      }
    }
    if (brackets) {
      tokens.expectOperator(")");
    }
    return new Target(names, several);
  }

  private Statement set() {
    if (tokens.ahead().is(Kind.OPERATOR, ".")) {
      String object = tokens.expect(Kind.NAME).text();
      tokens.next();
      String name = tokens.expect(Kind.NAME).text();
      Expression value = assigned();
      return (scope, output) -> {
        if (!(scope.get(object) instanceof Namespace namespace)) {
          throw new JinjaException("only a namespace's attributes can be set");
        }
        namespace.values().put(name, value.eval(scope));
        return Flow.NEXT;
      };
    }
    Target target = target();
    Expression value = assigned();
    return (scope, output) -> {
      target.assign(scope, value.eval(scope));
      return Flow.NEXT;
    };
  }

  /** What a set block assigns: an expression, or its body through filters. */
  private Expression assigned() {
    if (tokens.skipOperator("=")) {
      Expression value = expressions.tuple();
      blockEnd();
      return value;
    }
    Expression[] body = new Expression[1];
    Expression value = scope -> body[0].eval(scope);
    PostfixParser postfix = new PostfixParser(tokens, expressions);
    while (tokens.skipOperator("|")) {
      value = postfix.filter(value);
    }
    Statement text = bodyUntil("endset");
    body[0] = scope -> text.text(scope.inner());
    return value;
  }

  private Statement macro() {
    String name = tokens.expect(Kind.NAME).text();
    Macro.Signature signature = signature();
    int outerLoops = loops;
    loops = 0;
    Statement body = bodyUntil("endmacro");
    loops = outerLoops;
    return (scope, output) -> {
      scope.set(name, new Macro(name, signature, body, scope));
      return Flow.NEXT;
    };
  }

  private Macro.Signature signature() {
    List<String> names = new ArrayList<>();
    List<Expression> defaults = new ArrayList<>();
    tokens.expectOperator("(");
    while (!tokens.skipOperator(")")) {
      names.add(tokens.expect(Kind.NAME).text());
      defaults.add(tokens.skipOperator("=") ? expressions.expression() : null);
      if (!tokens.isOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    return new Macro.Signature(names, defaults);
  }

  private Statement callBlock() {
    Macro.Signature signature =
        tokens.isOperator("(") ? signature() : new Macro.Signature(List.of(), List.of());
    Expression function = expressions.primary();
    ArgumentList arguments = new PostfixParser(tokens, expressions).arguments();
    Statement body = bodyUntil("endcall");
    return (scope, output) -> {
      if (!(function.eval(scope) instanceof Macro macro)) {
        throw new JinjaException("calls what is no macro");
      }
      Macro caller = new Macro("caller", signature, body, scope);
      output.append(macro.call(arguments.eval(scope), scope.rendering, caller));
      return Flow.NEXT;
    };
  }

  private Statement filterBlock() {
    Expression[] body = new Expression[1];
    PostfixParser postfix = new PostfixParser(tokens, expressions);
    Expression value = postfix.filter(scope -> body[0].eval(scope));
    while (tokens.skipOperator("|")) {
      value = postfix.filter(value);
    }
    Statement text = bodyUntil("endfilter");
    body[0] = scope -> text.text(scope.inner());
    Expression filtered = value;
    return (scope, output) -> {
      output.append(Values.text(filtered.eval(scope)));
      return Flow.NEXT;
    };
  }

  private Statement with() {
    List<String> names = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (tokens.current().kind() == Kind.NAME) {
      names.add(tokens.next().text());
      tokens.expectOperator("=");
      values.add(expressions.expression());
      tokens.skipOperator(",");
    }
    Statement body = bodyUntil("endwith");
    return (scope, output) -> {
      Scope inner = scope.inner();
      for (int i = 0; i < names.size(); i++) {
        inner.set(names.get(i), values.get(i).eval(scope));
      }
      return body.run(inner, output);
    };
  }
}
