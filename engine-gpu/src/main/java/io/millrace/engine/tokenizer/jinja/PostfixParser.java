package io.millrace.engine.tokenizer.jinja;

import io.millrace.engine.tokenizer.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Parses what follows a value: entries, calls, filters and tests. */
final class PostfixParser {
  private static final Set<Kind> TEST_ARGUMENTS =
      Set.of(Kind.NAME, Kind.STRING, Kind.INTEGER, Kind.FLOAT);

  private final TokenStream tokens;
  private final ExpressionParser expressions;

  PostfixParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  /** Entries and calls. */
  Expression postfix(Expression value) {
    Expression result = value;
    while (true) {
      if (tokens.skipOperator(".")) {
        result = attribute(result);
      } else if (tokens.skipOperator("[")) {
        result = entry(result);
      } else if (tokens.isOperator("(")) {
        result = call(result);
      } else {
        return result;
      }
    }
  }

  private Expression attribute(Expression of) {
    Token token = tokens.next();
    if (token.kind() == Kind.INTEGER) {
      Object index = Values.integer(token.text());
      return scope -> Members.entry(of.eval(scope), index);
    }
    if (token.kind() != Kind.NAME) {
      throw new JinjaException("expected a name in line " + token.line());
    }
    String name = token.text();
    return scope -> Members.attribute(of.eval(scope), name);
  }

  private Expression entry(Expression of) {
    Expression start = tokens.isOperator(":") ? null : expressions.tuple();
    if (!tokens.isOperator(":")) {
      tokens.expectOperator("]");
      return scope -> Members.entry(of.eval(scope), start.eval(scope));
    }
    tokens.next();
    Expression end = bound();
    Expression step = tokens.skipOperator(":") ? bound() : null;
    tokens.expectOperator("]");
    return scope ->
        Slices.slice(of.eval(scope), eval(start, scope), eval(end, scope), eval(step, scope));
  }

  private Expression bound() {
    return tokens.isOperator(":") || tokens.isOperator("]") ? null : expressions.expression();
  }

  private static Object eval(Expression expression, Scope scope) {
    return expression == null ? null : expression.eval(scope);
  }

  private Expression call(Expression of) {
    ArgumentList arguments = arguments();
    return scope -> {
      Object function = of.eval(scope);
      scope.rendering.step();
      if (function instanceof Function callable) {
        return callable.call(arguments.eval(scope), scope.rendering);
      }
      throw function instanceof Undefined undefined
          ? undefined.failure()
          : new JinjaException("calls what is no function");
    };
  }

  /** Filters, tests, and calls of what they give. */
  Expression filters(Expression value) {
    Expression result = value;
    while (true) {
      if (tokens.skipOperator("|")) {
        result = filter(result);
      } else if (tokens.skipName("is")) {
        result = test(result);
      } else if (tokens.isOperator("(")) {
        result = call(result);
      } else {
        return result;
      }
    }
  }

  /** One filter, behind its sign. */
  Expression filter(Expression of) {
    String name = dottedName();
    ArgumentList arguments = tokens.isOperator("(") ? arguments() : ArgumentList.NONE;
    return scope -> {
      scope.rendering.step();
      // A name that does not exist is an error only where it is come to.
      return Filters.byName(name).apply(of.eval(scope), arguments.eval(scope), scope.rendering);
    };
  }

  private Expression test(Expression of) {
    boolean negated = tokens.skipName("not");
    String name = dottedName();
    ArgumentList arguments = ArgumentList.NONE;
    if (tokens.isOperator("(")) {
      arguments = arguments();
    } else if (takesArgument()) {
      arguments = new ArgumentList(List.of(postfix(expressions.primary())), Map.of(), null, null);
    }
    ArgumentList given = arguments;
    return scope ->
        Tests.byName(name).holds(of.eval(scope), given.eval(scope), scope.rendering) != negated;
  }

  private boolean takesArgument() {
    Token token = tokens.current();
    boolean word = token.kind() == Kind.NAME;
    return (TEST_ARGUMENTS.contains(token.kind())
            && !(word
                && Set.of("else", "or", "and", "is", "if", "not", "in").contains(token.text())))
        || tokens.isOperator("[")
        || tokens.isOperator("{");
  }

  private String dottedName() {
    StringBuilder name = new StringBuilder(tokens.expect(Kind.NAME).text());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expect(Kind.NAME).text());
    }
    return name.toString();
  }

  /** The arguments of a call, brackets and all. */
  ArgumentList arguments() {
    tokens.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    Expression more = null;
    Expression moreNamed = null;
    while (!tokens.skipOperator(")")) {
      if (tokens.skipOperator("*")) {
        more = expressions.expression();
      } else if (tokens.skipOperator("**")) {
        moreNamed = expressions.expression();
      } else if (tokens.current().kind() == Kind.NAME && tokens.ahead().is(Kind.OPERATOR, "=")) {
        String name = tokens.next().text();
        tokens.next();
        named.put(name, expressions.expression());
      } else {
        positional.add(expressions.expression());
      }
      if (!tokens.isOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    return new ArgumentList(positional, named, more, moreNamed);
  }
}
