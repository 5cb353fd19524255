package io.millrace.engine.tokenizer.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens, with jinja2's {@code trim_blocks} and {@code lstrip_blocks}: a line
 * break behind a block and blanks in front of one that starts its line are dropped.
 */
final class Lexer {
  private static final Pattern TAG = Pattern.compile("\\{([{%#])([-+]?)");
  private static final Pattern RAW = Pattern.compile("\\{%[-+]?\\s*raw\\s*(-%\\}\\s*|%\\})");
  private static final Pattern END_RAW =
      Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(?:\\+%\\}|-%\\}\\s*|%\\}\\n?)");
  private static final Pattern COMMENT_END = Pattern.compile("\\+#\\}|-#\\}\\s*|#\\}\\n?");
  private static final Pattern BLOCK_END = Pattern.compile("\\+%\\}|-%\\}\\s*|%\\}\\n?");
  private static final Pattern PRINT_END = Pattern.compile("-\\}\\}\\s*|\\}\\}");
  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final Pattern NUMBER =
      Pattern.compile("(\\d[\\d_]*)(\\.\\d[\\d_]*)?([eE][-+]?\\d+)?");
  private static final Pattern NAME =
      Pattern.compile("[\\p{L}_][\\p{L}\\p{M}\\p{N}_]*", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern STRING =
      Pattern.compile(
          "'[^'\\\\]*+(?:\\\\.[^'\\\\]*+)*+'|\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"",
          Pattern.DOTALL);
  private static final Set<String> LONG_OPERATORS = Set.of("//", "**", "==", "!=", ">=", "<=");
  private static final String OPERATORS = "+-/*%~[](){}<>=.:|,;";

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;

  /** Whether the text so far ends with a line break, or is nothing. */
  private boolean lineStarts = true;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokens(String template) {
    String unix = template.replace("\r\n", "\n").replace('\r', '\n');
    Lexer lexer = new Lexer(unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix);
    lexer.template();
    return lexer.tokens;
  }

  private void template() {
    Matcher tag = TAG.matcher(source);
    while (tag.find(at)) {
      boolean print = tag.group(1).equals("{");
      data(tag.start(), tag.group(2), print);
      int begin = tag.start();
      if (tag.group(1).equals("#")) {
        Matcher end = find(COMMENT_END, tag.end(), "a comment");
        advance(end.end());
      } else if (!print && RAW.matcher(source).region(begin, source.length()).lookingAt()) {
        raw(begin);
      } else {
        advance(tag.end());
        expression(print);
      }
    }
    data(source.length(), "+", true);
    add(Token.Kind.END, "");
  }

  private Matcher find(Pattern end, int from, String what) {
    Matcher matcher = end.matcher(source);
    if (!matcher.find(from)) {
      throw new JinjaException(what + " that starts in line " + line + " does not end");
    }
    return matcher;
  }

  private void raw(int begin) {
    Matcher start = RAW.matcher(source).region(begin, source.length());
    start.lookingAt();
    advance(start.end());
    Matcher end = find(END_RAW, at, "raw text");
    data(end.start(), end.group(1), false);
    advance(end.end());
  }

  /** Template text up to a tag, with blanks stripped as the tag says. */
  private void data(int end, String sign, boolean print) {
    String text = source.substring(at, end);
    String kept = text;
    if (sign.equals("-")) {
      int last = text.length();
      while (last > 0 && PythonStrings.isSpace(text.charAt(last - 1))) {
        last--;
      }
      kept = text.substring(0, last);
    } else if (!sign.equals("+") && !print) {
      int lineStart = text.lastIndexOf('\n') + 1;
      boolean blank =
          text.substring(lineStart).chars().allMatch(c -> PythonStrings.isSpace((char) c));
      if (blank && (lineStart > 0 || lineStarts)) {
        kept = text.substring(0, lineStart);
      }
    }
    if (!kept.isEmpty()) {
      add(Token.Kind.DATA, kept);
    }
    advance(end);
  }

  /** Everything up to the end of a tag. */
  private void expression(boolean print) {
    add(print ? Token.Kind.PRINT_BEGIN : Token.Kind.BLOCK_BEGIN, "");
    Pattern closing = print ? PRINT_END : BLOCK_END;
    int brackets = 0;
    while (at < source.length()) {
      if (skip(SPACE)) {
        continue;
      }
      Matcher end = closing.matcher(source).region(at, source.length());
      if (brackets == 0 && end.lookingAt()) {
        advance(end.end());
        add(print ? Token.Kind.PRINT_END : Token.Kind.BLOCK_END, "");
        return;
      }
      char c = source.charAt(at);
      if (token(Token.Kind.NAME, NAME) || number()) {
        continue;
      }
      if (c == '\'' || c == '"') {
        Matcher string = STRING.matcher(source).region(at, source.length());
        if (!string.lookingAt()) {
          throw new JinjaException("a string in line " + line + " does not end");
        }
        add(Token.Kind.STRING, Escapes.decode(source.substring(at + 1, string.end() - 1)));
        advance(string.end());
      } else if (OPERATORS.indexOf(c) >= 0 || c == '!') {
        brackets += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
        operator();
      } else {
        throw new JinjaException("unexpected character in line " + line);
      }
    }
    throw new JinjaException("a tag in line " + line + " does not end");
  }

  private void operator() {
    int end = Math.min(at + 2, source.length());
    String operator = source.substring(at, end);
    if (!LONG_OPERATORS.contains(operator)) {
      operator = operator.substring(0, 1);
    }
    if (operator.equals("!")) {
      throw new JinjaException("unexpected character in line " + line);
    }
    add(Token.Kind.OPERATOR, operator);
    advance(at + operator.length());
  }

  private boolean number() {
    Matcher number = NUMBER.matcher(source).region(at, source.length());
    if (!number.lookingAt()) {
      return false;
    }
    boolean whole = number.group(2) == null && number.group(3) == null;
    add(whole ? Token.Kind.INTEGER : Token.Kind.FLOAT, number.group().replace("_", ""));
    advance(number.end());
    return true;
  }

  private boolean token(Token.Kind kind, Pattern pattern) {
    Matcher matcher = pattern.matcher(source).region(at, source.length());
    if (!matcher.lookingAt()) {
      return false;
    }
    add(kind, matcher.group());
    advance(matcher.end());
    return true;
  }

  private boolean skip(Pattern pattern) {
    Matcher matcher = pattern.matcher(source).region(at, source.length());
    if (!matcher.lookingAt()) {
      return false;
    }
    advance(matcher.end());
    return true;
  }

  private void add(Token.Kind kind, String text) {
    tokens.add(new Token(kind, text, line));
  }

  private void advance(int to) {
    for (int i = at; i < to; i++) {
      if (source.charAt(i) == '\n') {
        line++;
      }
    }
    if (to > at) {
      lineStarts = source.charAt(to - 1) == '\n';
    }
    at = to;
  }
}
