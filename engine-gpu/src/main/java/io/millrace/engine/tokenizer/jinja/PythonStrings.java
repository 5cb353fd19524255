package io.millrace.engine.tokenizer.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The methods of Python's strings. Templates reach no others. */
public final class PythonStrings {
  static final Set<String> METHODS =
      Set.of(
          ("capitalize center count endswith find format index isalnum isalpha isdigit islower"
                  + " isspace isupper join ljust lower lstrip partition removeprefix removesuffix"
                  + " replace rfind rjust rpartition rsplit rstrip split splitlines startswith strip"
                  + " title upper zfill")
              .split(" "));

  private static final String BREAKS = "\\n-\\r\\x1C-\\x1E\\x85\\u2028\\u2029";
  private static final Pattern LINE =
      Pattern.compile("([^" + BREAKS + "]*+)(?:\\r\\n|[" + BREAKS + "])|([^" + BREAKS + "]++)\\z");

  private PythonStrings() {}

  /** Whether Python counts a character as white space. */
  public static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }

  /**
   * Calls a method.
   *
   * @throws JinjaException if there is no such method, or not with such arguments
   */
  static Object call(String text, String method, Arguments arguments, Rendering rendering) {
    rendering.make(text.length());
    return switch (method) {
      case "strip" -> strip(text, arguments, true, true);
      case "lstrip" -> strip(text, arguments, true, false);
      case "rstrip" -> strip(text, arguments, false, true);
      case "startswith" -> parts(arguments).stream().anyMatch(text::startsWith);
      case "endswith" -> parts(arguments).stream().anyMatch(text::endsWith);
      case "split" -> split(text, arguments, false);
      case "rsplit" -> split(text, arguments, true);
      case "splitlines" -> new ArrayList<Object>(lines(text));
      case "partition" -> partition(text, text.indexOf(separator(arguments)), arguments, false);
      case "rpartition" -> partition(text, text.lastIndexOf(separator(arguments)), arguments, true);
      case "replace" -> replace(text, arguments, rendering);
      case "removeprefix" -> {
        String prefix = arguments.string(0, "prefix");
        yield text.startsWith(prefix) ? text.substring(prefix.length()) : text;
      }
      case "removesuffix" -> {
        String suffix = arguments.string(0, "suffix");
        yield text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
      }
      case "find" -> place(text, text.indexOf(arguments.string(0, "sub")));
      case "rfind" -> place(text, text.lastIndexOf(arguments.string(0, "sub")));
      case "index" -> {
        if (!text.contains(arguments.string(0, "sub"))) {
          throw new JinjaException("a text is not in another");
        }
        yield place(text, text.indexOf(arguments.string(0, "sub")));
      }
      case "count" -> count(text, arguments.string(0, "sub"));
      case "join" -> join(text, arguments, rendering);
      case "format" -> Formats.braces(text, arguments, rendering);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "capitalize" -> capitalize(text);
      case "title" -> title(text);
      case "isdigit" -> all(text, Character::isDigit);
      case "isalpha" -> all(text, Character::isLetter);
      case "isalnum" -> all(text, Character::isLetterOrDigit);
      case "isspace" -> all(text, c -> c < 0x10000 && isSpace((char) c));
      case "isupper" -> isCase(text, true);
      case "islower" -> isCase(text, false);
      case "ljust", "rjust", "center", "zfill" -> pad(text, method, arguments, rendering);
      default -> throw new JinjaException("strings have no method " + method);
    };
  }

  private static boolean all(String text, IntPredicate predicate) {
    return !text.isEmpty() && text.codePoints().allMatch(predicate);
  }

  /** Whether all letters that have a case have this one, and there are some. */
  static boolean isCase(String text, boolean upper) {
    String wanted = upper ? text.toUpperCase(Locale.ROOT) : text.toLowerCase(Locale.ROOT);
    String other = upper ? text.toLowerCase(Locale.ROOT) : text.toUpperCase(Locale.ROOT);
    return text.equals(wanted) && !text.equals(other);
  }

  private static List<String> parts(Arguments arguments) {
    Object given = arguments.get(0, "prefix", null);
    if (given instanceof Tuple tuple) {
      return tuple.stream().map(String::valueOf).toList();
    }
    return List.of(arguments.string(0, "prefix"));
  }

  private static Object place(String text, int index) {
    return index < 0 ? -1L : (long) text.codePointCount(0, index);
  }

  static String strip(String text) {
    return strip(text, Arguments.NONE, true, true);
  }

  private static String strip(String text, Arguments arguments, boolean left, boolean right) {
    String chars = arguments.get(0, "chars", null) == null ? null : arguments.string(0, "chars");
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

  private static String separator(Arguments arguments) {
    String separator = arguments.string(0, "sep");
    if (separator.isEmpty()) {
      throw new JinjaException("empty separator");
    }
    return separator;
  }

  private static Object partition(String text, int at, Arguments arguments, boolean last) {
    if (at < 0) {
      return last ? Tuple.of("", "", text) : Tuple.of(text, "", "");
    }
    String separator = separator(arguments);
    return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
  }

  /** The words of a text, white space between. */
  static List<Object> words(String text) {
    List<Object> words = new ArrayList<>();
    for (int i = 0; i < text.length(); ) {
      int start = i;
      while (i < text.length() && !isSpace(text.charAt(i))) {
        i++;
      }
      if (i > start) {
        words.add(text.substring(start, i));
      }
      i++;
    }
    return words;
  }

  private static List<Object> split(String text, Arguments arguments, boolean fromEnd) {
    long splitsMax = arguments.integer(1, "maxsplit", -1);
    if (arguments.get(0, "sep", null) == null) {
      if (splitsMax >= 0) {
        throw new JinjaException("splits at white space a limited number of times");
      }
      return words(text);
    }
    String separator = separator(arguments);
    List<Object> parts = new ArrayList<>();
    if (fromEnd) {
      int end = text.length();
      for (int at = text.lastIndexOf(separator);
          at >= 0 && parts.size() != splitsMax;
          at = at == 0 ? -1 : text.lastIndexOf(separator, at - separator.length())) {
        parts.add(text.substring(at + separator.length(), end));
        end = at;
      }
      parts.add(text.substring(0, end));
      Collections.reverse(parts);
      return parts;
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

  /** The lines of a text. */
  static List<String> lines(String text) {
    List<String> lines = new ArrayList<>();
    Matcher line = LINE.matcher(text);
    while (line.find()) {
      lines.add(line.group(1) != null ? line.group(1) : line.group(2));
    }
    return lines;
  }

  private static String replace(String text, Arguments arguments, Rendering rendering) {
    String from = Values.text(arguments.get(0, "old", null));
    String to = Values.text(arguments.get(1, "new", null));
    Object countGiven = arguments.get(2, "count", null);
    long most = countGiven instanceof Long number && number >= 0 ? number : Long.MAX_VALUE;
    long count = Math.min(most, count(text, from));
    // Each replacement may grow the text: bound what a template can make of it before it is made.
    rendering.make(text.length() + count * Math.max(0, to.length() - from.length()));
    if (most == Long.MAX_VALUE) {
      return text.replace(from, to);
    }
    StringBuilder out = new StringBuilder();
    int at = 0;
    for (long i = 0; i < count; i++) {
      int next = text.indexOf(from, at);
      if (from.isEmpty()) {
        out.append(to).append(text, at, Math.min(at + 1, text.length()));
        at = Math.min(at + 1, text.length());
      } else {
        out.append(text, at, next).append(to);
        at = next + from.length();
      }
    }
    return out.append(text.substring(at)).toString();
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

  private static String join(String separator, Arguments arguments, Rendering rendering) {
    List<String> parts = new ArrayList<>();
    long size = 0;
    for (Object part : Values.elements(arguments.get(0, "iterable", null), rendering)) {
      if (!(part instanceof String text)) {
        throw new JinjaException("joins what is no text");
      }
      size += text.length() + separator.length();
      parts.add(text);
    }
    rendering.make(size);
    return String.join(separator, parts);
  }

  private static String pad(String text, String method, Arguments arguments, Rendering rendering) {
    long missing = arguments.integer(0, "width", 0) - Values.length(text);
    if (missing <= 0) {
      return text;
    }
    rendering.make(text.length() + missing);
    String fill = method.equals("zfill") ? "0" : (String) arguments.get(1, "fillchar", " ");
    boolean signed = method.equals("zfill") && (text.startsWith("-") || text.startsWith("+"));
    int left =
        switch (method) {
          case "ljust" -> 0;
          case "center" -> (int) (missing / 2 + (missing & (missing + Values.length(text)) & 1));
          default -> (int) missing;
        };
    String sign = signed ? text.substring(0, 1) : "";
    return sign
        + fill.repeat(left)
        + text.substring(sign.length())
        + fill.repeat((int) missing - left);
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
