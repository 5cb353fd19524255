package io.millrace.engine.tokenizer.jinja;

import java.util.List;

/** The tokens of a template, one after the other. */
final class TokenStream {
  /** Deepest nesting of expressions and statements. */
  private static final int NESTING_MAX = 100;

  private final List<Token> tokens;
  private int at;
  private int nesting;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(at);
  }

  Token ahead() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = current();
    if (token.kind() != Token.Kind.END) {
      at++;
    }
    return token;
  }

  boolean isOperator(String text) {
    return current().is(Token.Kind.OPERATOR, text);
  }

  boolean isName(String text) {
    return current().is(Token.Kind.NAME, text);
  }

  boolean skipOperator(String text) {
    boolean found = isOperator(text);
    if (found) {
      at++;
    }
    return found;
  }

  boolean skipName(String text) {
    boolean found = isName(text);
    if (found) {
      at++;
    }
    return found;
  }

  void expectOperator(String text) {
    if (!skipOperator(text)) {
      throw failure("expected '" + text + "'");
    }
  }

  Token expect(Token.Kind kind) {
    if (current().kind() != kind) {
      throw failure("expected " + kind.name().toLowerCase(java.util.Locale.ROOT));
    }
    return next();
  }

  void expectName(String text) {
    if (!skipName(text)) {
      throw failure("expected '" + text + "'");
    }
  }

  void enter() {
    if (++nesting > NESTING_MAX) {
      throw failure("nests more than " + NESTING_MAX + " levels");
    }
  }

  void leave() {
    nesting--;
  }

  JinjaException failure(String problem) {
    return new JinjaException(problem + " in line " + current().line());
  }
}
