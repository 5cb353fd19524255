package io.millrace.engine.tokenizer.jinja;

import io.millrace.engine.tokenizer.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Parses expressions; the methods stand in the order of precedence, the weakest first. */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  private final TokenStream tokens;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  /** An expression, or several with commas between: a tuple. */
  Expression tuple() {
    Expression first = expression();
    if (!tokens.isOperator(",")) {
      return first;
    }
    List<Expression> elements = new ArrayList<>(List.of(first));
    while (tokens.skipOperator(",")) {
      if (endsTuple()) {
        break;
      }
      elements.add(expression());
    }
    return scope -> new Tuple(elements.stream().map(e -> e.eval(scope)).toList());
  }

  private boolean endsTuple() {
    Kind kind = tokens.current().kind();
    return kind == Kind.BLOCK_END || kind == Kind.PRINT_END || tokens.isOperator(")");
  }

  /** One expression: {@code a if b else c} and all that binds stronger. */
  Expression expression() {
    tokens.enter();
    Expression value = or();
    while (tokens.skipName("if")) {
      Expression then = value;
      Expression condition = or();
      Expression otherwise =
          tokens.skipName("else") ? expression() : scope -> new Undefined("the else of an if");
      value = scope -> (Values.truth(condition.eval(scope)) ? then : otherwise).eval(scope);
    }
    tokens.leave();
    return value;
  }

  /** An expression without {@code if}, for loops, where it means a filter. */
  Expression or() {
    Expression left = and();
    while (tokens.skipName("or")) {
      Expression first = left;
      Expression second = and();
      left =
          scope -> {
            Object value = first.eval(scope);
            return Values.truth(value) ? value : second.eval(scope);
          };
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.skipName("and")) {
      Expression first = left;
      Expression second = not();
      left =
          scope -> {
            Object value = first.eval(scope);
            return Values.truth(value) ? second.eval(scope) : value;
          };
    }
    return left;
  }

  private Expression not() {
    if (!tokens.skipName("not")) {
      return comparison();
    }
    tokens.enter();
    Expression operand = not();
    tokens.leave();
    return scope -> !Values.truth(operand.eval(scope));
  }

  private record Comparison(String operator, Expression right) {}

  private Expression comparison() {
    Expression left = sum();
    List<Comparison> comparisons = new ArrayList<>();
    while (true) {
      String operator = tokens.current().text();
      if (tokens.current().kind() == Kind.OPERATOR && COMPARISONS.contains(operator)) {
        tokens.next();
      } else if (tokens.skipName("in")) {
        operator = "in";
      } else if (tokens.isName("not") && tokens.ahead().is(Kind.NAME, "in")) {
        tokens.next();
        tokens.next();
        operator = "not in";
      } else {
        break;
      }
      comparisons.add(new Comparison(operator, sum()));
    }
    return comparisons.isEmpty() ? left : chain(left, comparisons);
  }

  private static Expression chain(Expression first, List<Comparison> comparisons) {
    return scope -> {
      Object left = first.eval(scope);
      for (Comparison comparison : comparisons) {
        Object right = comparison.right.eval(scope);
        if (!Operators.compare(comparison.operator, left, right, scope.rendering)) {
          return false;
        }
        left = right;
      }
      return true;
    };
  }

  private Expression sum() {
    Expression left = concatenation();
    while (tokens.isOperator("+") || tokens.isOperator("-")) {
      String operator = tokens.next().text();
      left = binary(operator, left, concatenation());
    }
    return left;
  }

  private static Expression binary(String operator, Expression left, Expression right) {
    return scope -> Operators.apply(operator, left.eval(scope), right.eval(scope), scope.rendering);
  }

  private Expression concatenation() {
    Expression left = product();
    while (tokens.skipOperator("~")) {
      Expression first = left;
      Expression second = product();
      left =
          scope ->
              scope.rendering.made(
                  Values.text(first.eval(scope)).concat(Values.text(second.eval(scope))));
    }
    return left;
  }

  private Expression product() {
    Expression left = power();
    while (tokens.isOperator("*")
        || tokens.isOperator("/")
        || tokens.isOperator("//")
        || tokens.isOperator("%")) {
      String operator = tokens.next().text();
      left = binary(operator, left, power());
    }
    return left;
  }

  private Expression power() {
    Expression left = unary(true);
    while (tokens.skipOperator("**")) {
      left = binary("**", left, unary(true));
    }
    return left;
  }

  private Expression unary(boolean withFilters) {
    PostfixParser postfix = new PostfixParser(tokens, this);
    Expression value;
    if (tokens.isOperator("-") || tokens.isOperator("+")) {
      boolean minus = tokens.next().text().equals("-");
      tokens.enter();
      Expression operand = unary(false);
      tokens.leave();
      Expression zero = scope -> 0L;
      value = binary(minus ? "-" : "+", zero, operand);
    } else {
      value = primary();
    }
    value = postfix.postfix(value.counted());
    return withFilters ? postfix.filters(value) : value;
  }

  /** A literal, a name, or something in brackets. */
  Expression primary() {
    Token token = tokens.next();
    return switch (token.kind()) {
      case NAME -> name(token.text());
      case STRING -> string(token.text());
      case INTEGER -> {
        Object value = Values.integer(token.text());
        yield scope -> value;
      }
      case FLOAT -> {
        Double value = Double.valueOf(token.text());
        yield scope -> value;
      }
      case OPERATOR -> bracketed(token);
      default -> throw new JinjaException("expected an expression in line " + token.line());
    };
  }

  private static Expression name(String name) {
    return switch (name) {
      case "true", "True" -> scope -> true;
      case "false", "False" -> scope -> false;
      case "none", "None" -> scope -> null;
      default -> scope -> scope.get(name);
    };
  }

  private Expression string(String first) {
    StringBuilder text = new StringBuilder(first);
    while (tokens.current().kind() == Kind.STRING) {
      text.append(tokens.next().text());
    }
    String value = text.toString();
    return scope -> value;
  }

  private Expression bracketed(Token open) {
    return switch (open.text()) {
      case "(" -> {
        if (tokens.skipOperator(")")) {
          yield scope -> new Tuple(List.of());
        }
        Expression inner = tuple();
        tokens.expectOperator(")");
        yield inner;
      }
      case "[" -> {
        List<Expression> elements = new ArrayList<>();
        while (!tokens.skipOperator("]")) {
          elements.add(expression());
          if (!tokens.isOperator("]")) {
            tokens.expectOperator(",");
          }
        }
        yield scope -> Values.list(elements.stream().map(e -> e.eval(scope)));
      }
      case "{" -> map();
      default ->
          throw new JinjaException("unexpected '" + open.text() + "' in line " + open.line());
    };
  }

  private Expression map() {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.skipOperator("}")) {
      keys.add(expression());
      tokens.expectOperator(":");
      values.add(expression());
      if (!tokens.isOperator("}")) {
        tokens.expectOperator(",");
      }
    }
    return scope -> {
      Map<Object, Object> map = new LinkedHashMap<>();
      for (int i = 0; i < keys.size(); i++) {
        map.put(keys.get(i).eval(scope), values.get(i).eval(scope));
      }
      return map;
    };
  }
}
