package io.millrace.engine.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The methods of Python's strings that chat templates call. Templates reach no others. */
final class PythonStrings {
  private PythonStrings() {}

  /**
   * Calls a method.
   *
   * @throws IllegalArgumentException if there is no such method, or not with such arguments
   */
  static Object call(String text, String method, Object... arguments) {
    return switch (method) {
      case "strip" -> strip(text, arguments, true, true);
      case "lstrip" -> strip(text, arguments, true, false);
      case "rstrip" -> strip(text, arguments, false, true);
      case "startswith" -> text.startsWith(string(method, arguments, 0));
      case "endswith" -> text.endsWith(string(method, arguments, 0));
      case "split" -> split(text, method, arguments);
      case "splitlines" -> text.lines().toList();
      case "replace" -> replace(text, string(method, arguments, 0), string(method, arguments, 1));
      case "find" -> (long) text.indexOf(string(method, arguments, 0));
      case "count" -> count(text, string(method, arguments, 0));
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "capitalize" -> capitalize(text);
      case "title" -> title(text);
      case "isdigit" -> !text.isEmpty() && text.chars().allMatch(Character::isDigit);
      case "isspace" -> !text.isEmpty() && text.chars().allMatch(c -> isSpace((char) c));
      default -> throw new IllegalArgumentException("strings have no method " + method);
    };
  }

  private static String string(String method, Object[] arguments, int index) {
    if (index < arguments.length && arguments[index] instanceof CharSequence) {
      return arguments[index].toString();
    }
    throw new IllegalArgumentException(method + " needs a string as argument " + (index + 1));
  }

  static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }

  private static String strip(String text, Object[] arguments, boolean left, boolean right) {
    String chars =
        arguments.length == 0 || arguments[0] == null ? null : string("strip", arguments, 0);
    int start = 0;
    int end = text.length();
    while (left && start < end && strips(chars, text.charAt(start))) {
      start++;
    }
    while (right && start < end && strips(chars, text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }

  private static boolean strips(String chars, char c) {
    return chars == null ? isSpace(c) : chars.indexOf(c) >= 0;
  }

  private static List<String> split(String text, String method, Object[] arguments) {
    long splitsMax =
        arguments.length > 1 && arguments[1] instanceof Number
            ? ((Number) arguments[1]).longValue()
            : -1;
    List<String> parts = new ArrayList<>();
    if (arguments.length == 0 || arguments[0] == null) {
      String rest = strip(text, new Object[0], true, true);
      for (String part : rest.isEmpty() ? new String[0] : rest.split("(?U)\\s+")) {
        parts.add(part);
      }
      return parts;
    }
    String separator = string(method, arguments, 0);
    if (separator.isEmpty()) {
      throw new IllegalArgumentException("empty separator");
    }
    int at = 0;
    for (int next = text.indexOf(separator);
        next >= 0 && parts.size() != splitsMax;
        next = text.indexOf(separator, at)) {
      parts.add(text.substring(at, next));
      at = next + separator.length();
    }
    parts.add(text.substring(at));
    return parts;
  }

  private static String replace(String text, String from, String to) {
    // Each replacement may grow the text: bound what a template can make of it before it is made.
    long size = text.length() + (count(text, from) * (long) Math.max(0, to.length()));
    if (size > ChatTemplate.OUTPUT_CHARS_MAX) {
      throw new IllegalArgumentException("replace makes too long a text");
    }
    return text.replace(from, to);
  }

  private static long count(String text, String part) {
    if (part.isEmpty()) {
      return text.length() + 1L;
    }
    long count = 0;
    for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
      count++;
    }
    return count;
  }

  private static String capitalize(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT)
            + text.substring(1).toLowerCase(Locale.ROOT);
  }

  private static String title(String text) {
    StringBuilder title = new StringBuilder(text.length());
    boolean inWord = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      title.append(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = Character.isLetter(c);
    }
    return title.toString();
  }
}
