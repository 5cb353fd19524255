package io.millrace.engine.tokenizer.jinja;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The escapes of Python's string literals. */
final class Escapes {
  private static final Pattern ESCAPE =
      Pattern.compile(
          "\\\\(?:(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})|([0-7]{1,3})|(.))",
          Pattern.DOTALL);

  private Escapes() {}

  static String decode(String literal) {
    if (literal.indexOf('\\') < 0) {
      return literal;
    }
    StringBuilder out = new StringBuilder();
    Matcher escape = ESCAPE.matcher(literal);
    while (escape.find()) {
      escape.appendReplacement(out, "");
      if (escape.group(1) != null) {
        out.appendCodePoint(codePoint(escape.group(1).substring(1), 16));
      } else if (escape.group(2) != null) {
        out.appendCodePoint(codePoint(escape.group(2), 8));
      } else {
        simple(escape.group(3).charAt(0), out);
      }
    }
    return escape.appendTail(out).toString();
  }

  private static void simple(char escape, StringBuilder out) {
    switch (escape) {
      case '\n' -> {}
      case '\\', '\'', '"' -> out.append(escape);
      case 'a' -> out.append('\u0007');
      case 'b' -> out.append('\b');
      case 'f' -> out.append('\f');
      case 'n' -> out.append('\n');
      case 'r' -> out.append('\r');
      case 't' -> out.append('\t');
      case 'v' -> out.append('\u000B');
      default -> out.append('\\').append(escape);
    }
  }

  private static int codePoint(String digits, int radix) {
    long value = Long.parseLong(digits, radix);
    if (value > Character.MAX_CODE_POINT) {
      throw new JinjaException("a string has a broken escape");
    }
    return (int) value;
  }
}
