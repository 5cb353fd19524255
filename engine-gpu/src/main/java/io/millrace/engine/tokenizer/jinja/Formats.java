package io.millrace.engine.tokenizer.jinja;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's ways to fill values into a text. */
final class Formats {
  private static final Pattern TIME_FIELD = Pattern.compile("%(-?)(.)", Pattern.DOTALL);
  private static final Pattern PERCENT_FIELD = Pattern.compile("%(.?)", Pattern.DOTALL);
  private static final Pattern BRACES_FIELD = Pattern.compile("\\{\\{|\\}\\}|\\{([^{}]*)\\}");

  private static final Map<Character, String> TIME =
      Map.ofEntries(
          Map.entry('Y', "uuuu"),
          Map.entry('y', "uu"),
          Map.entry('m', "MM"),
          Map.entry('d', "dd"),
          Map.entry('H', "HH"),
          Map.entry('I', "hh"),
          Map.entry('M', "mm"),
          Map.entry('S', "ss"),
          Map.entry('f', "SSSSSS"),
          Map.entry('p', "a"),
          Map.entry('A', "EEEE"),
          Map.entry('a', "EEE"),
          Map.entry('B', "MMMM"),
          Map.entry('b', "MMM"),
          Map.entry('j', "DDD"),
          Map.entry('z', "xx"),
          Map.entry('Z', "zzz"),
          Map.entry('F', "uuuu-MM-dd"),
          Map.entry('T', "HH:mm:ss"),
          Map.entry('D', "MM/dd/uu"),
          Map.entry('R', "HH:mm"),
          Map.entry('c', "EEE MMM ppd HH:mm:ss uuuu"),
          Map.entry('x', "MM/dd/uu"),
          Map.entry('X', "HH:mm:ss"));

  private Formats() {}

  /** Python's {@code strftime} in the C locale. */
  static String time(ZonedDateTime time, String format) {
    StringBuilder out = new StringBuilder();
    Matcher field = TIME_FIELD.matcher(format);
    while (field.find()) {
      String text = timeField(time, field.group(2).charAt(0));
      boolean unpadded = !field.group(1).isEmpty();
      field.appendReplacement(
          out, Matcher.quoteReplacement(unpadded ? text.replaceFirst("^0+(?=.)", "") : text));
    }
    return field.appendTail(out).toString();
  }

  private static String timeField(ZonedDateTime time, char field) {
    if (field == '%' || field == 'n') {
      return field == '%' ? "%" : "\n";
    }
    String pattern = TIME.get(field);
    if (pattern == null) {
      throw new JinjaException("strftime_now does not know %" + field);
    }
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
  }

  /** The operator {@code %}, with %s, %d and the like. */
  static String percent(String format, List<?> values, Rendering rendering) {
    StringBuilder out = new StringBuilder();
    int next = 0;
    Matcher field = PERCENT_FIELD.matcher(format);
    while (field.find()) {
      char kind = field.group(1).isEmpty() ? ' ' : field.group(1).charAt(0);
      String text = "%";
      if (kind != '%') {
        if ("sdr".indexOf(kind) < 0 || next == values.size()) {
          throw new JinjaException("formats with % what it cannot");
        }
        Object value = values.get(next++);
        text = kind == 'r' ? Values.represented(value) : Values.text(value);
      }
      rendering.make(text.length());
      field.appendReplacement(out, Matcher.quoteReplacement(text));
    }
    return rendering.made(field.appendTail(out).toString());
  }

  /** The method {@code format}, with {}, {0} and {name}. */
  static String braces(String format, Arguments arguments, Rendering rendering) {
    StringBuilder out = new StringBuilder();
    int next = 0;
    Matcher field = BRACES_FIELD.matcher(format);
    while (field.find()) {
      String name = field.group(1);
      String text;
      if (name == null) {
        text = field.group().substring(1);
      } else {
        boolean number = name.matches("\\d{1,4}");
        int place = name.isEmpty() ? next++ : number ? Integer.parseInt(name) : Integer.MAX_VALUE;
        if (!arguments.has(place, name)) {
          throw new JinjaException("a format asks for a value that is not there");
        }
        text = Values.text(arguments.get(place, name, null));
      }
      rendering.make(text.length());
      field.appendReplacement(out, Matcher.quoteReplacement(text));
    }
    return rendering.made(field.appendTail(out).toString());
  }
}
