package io.millrace.engine.tokenizer.jinja;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What Python makes of a value: its text, its truth, its elements. */
final class Values {
  private static final int NESTING_MAX = 64;

  private Values() {}

  /** A value of JSON as templates compute with it. */
  static Object of(Object value) {
    return of(value, 0);
  }

  private static Object of(Object value, int depth) {
    if (depth > NESTING_MAX) {
      throw new JinjaException("a value nests more than " + NESTING_MAX + " levels");
    }
    if (value instanceof Integer number) {
      return number.longValue();
    }
    if (value instanceof Number number && !(value instanceof Long)) {
      return number.doubleValue();
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> copy = new LinkedHashMap<>();
      map.forEach((key, entry) -> copy.put(of(key, depth + 1), of(entry, depth + 1)));
      return copy;
    }
    if (value instanceof Collection<?> elements) {
      return list(elements.stream().map(element -> of(element, depth + 1)));
    }
    return value instanceof CharSequence text ? text.toString() : value;
  }

  static List<Object> list(Stream<?> elements) {
    List<Object> list = new ArrayList<>();
    elements.forEach(list::add);
    return list;
  }

  static Long integer(String digits) {
    try {
      return Long.valueOf(digits);
    } catch (NumberFormatException e) {
      throw new JinjaException("a number is too large");
    }
  }

  static boolean truth(Object value) {
    if (value == null || value instanceof Undefined) {
      return false;
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    if (Markup.plain(value) instanceof String text) {
      return !text.isEmpty();
    }
    if (value instanceof Collection<?> elements) {
      return !elements.isEmpty();
    }
    if (value instanceof Map<?, ?> map) {
      return !map.isEmpty();
    }
    return !(value instanceof Number number) || number.doubleValue() != 0;
  }

  /** What a loop goes over. */
  static List<Object> elements(Object value, Rendering rendering) {
    if (value instanceof List<?> list) {
      rendering.make(list.size());
      return new ArrayList<>(list);
    }
    if (value instanceof Map<?, ?> map) {
      rendering.make(map.size());
      return new ArrayList<>(map.keySet());
    }
    if (Markup.plain(value) instanceof String text) {
      rendering.make(64L * text.length());
      return list(text.codePoints().mapToObj(Character::toString));
    }
    if (value instanceof Undefined) {
      return new ArrayList<>();
    }
    throw new JinjaException("loops over what has no elements");
  }

  static long length(Object value) {
    if (Markup.plain(value) instanceof String text) {
      return text.codePointCount(0, text.length());
    }
    if (value instanceof Collection<?> elements) {
      return elements.size();
    }
    if (value instanceof Map<?, ?> map) {
      return map.size();
    }
    if (value instanceof Undefined) {
      return 0;
    }
    throw new JinjaException("asks for the length of what has none");
  }

  /** The text that is printed, Python's {@code str}. */
  static String text(Object value) {
    Object plain = Markup.plain(value);
    return plain instanceof String text ? text : represented(plain);
  }

  /** Python's {@code repr}. */
  static String represented(Object value) {
    StringBuilder out = new StringBuilder();
    represent(value, out, 0);
    return out.toString();
  }

  private static void represent(Object value, StringBuilder out, int depth) {
    if (depth > NESTING_MAX || out.length() > Rendering.TEXT_CHARS_MAX) {
      throw new JinjaException("prints too large a value");
    }
    if (value == null) {
      out.append("None");
    } else if (value instanceof Boolean flag) {
      out.append(flag ? "True" : "False");
    } else if (value instanceof Double number) {
      out.append(number(number));
    } else if (value instanceof String text) {
      quote(text, out);
    } else if (value instanceof Tuple tuple) {
      elements("(", tuple.size() == 1 ? ",)" : ")", tuple, out, depth);
    } else if (value instanceof Collection<?> elements) {
      elements("[", "]", elements, out, depth);
    } else if (value instanceof Map<?, ?> map) {
      out.append('{');
      String separator = "";
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        out.append(separator);
        represent(entry.getKey(), out, depth + 1);
        out.append(": ");
        represent(entry.getValue(), out, depth + 1);
        separator = ", ";
      }
      out.append('}');
    } else if (value instanceof Long) {
      out.append(value);
    } else if (!(value instanceof Undefined)) {
      throw new JinjaException("prints what is no text, number, list or map");
    }
  }

  private static void elements(
      String open, String close, Collection<?> elements, StringBuilder out, int depth) {
    out.append(open);
    String separator = "";
    for (Object element : elements) {
      out.append(separator);
      represent(element, out, depth + 1);
      separator = ", ";
    }
    out.append(close);
  }

  /** A number as Python writes it. */
  static String number(double number) {
    if (Double.isNaN(number) || Double.isInfinite(number)) {
      return Double.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
    }
    BigDecimal exact = new BigDecimal(Double.toString(number)).stripTrailingZeros();
    int exponent = exact.precision() - exact.scale() - 1;
    if (number == 0) {
      return Double.toString(number);
    }
    if (exponent >= -4 && exponent < 16) {
      String plain = exact.toPlainString();
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    String digits = exact.unscaledValue().abs().toString();
    String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
    String sign = number < 0 ? "-" : "";
    return String.format(
        "%s%se%s%02d", sign, mantissa, exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  private static void quote(String text, StringBuilder out) {
    char mark = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    out.append(mark);
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\\' -> out.append("\\\\");
                default -> {
                  if (c == mark) {
                    out.append('\\').append(mark);
                  } else if (c < ' ' || (c >= 0x7F && c < 0xA1) || c == 0xAD) {
                    out.append(String.format("\\x%02x", c));
                  } else if (isPrintable(c)) {
                    out.appendCodePoint(c);
                  } else {
                    out.append(String.format(c > 0xFFFF ? "\\U%08x" : "\\u%04x", c));
                  }
                }
              }
            });
    out.append(mark);
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }
}
