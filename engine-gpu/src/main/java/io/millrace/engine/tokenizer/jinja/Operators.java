package io.millrace.engine.tokenizer.jinja;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Python's operators. */
final class Operators {
  private Operators() {}

  static Object apply(String operator, Object left, Object right, Rendering rendering) {
    if (left instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (operator.equals("+") && (left instanceof Markup || right instanceof Markup)) {
      return Markup.join(left, right);
    }
    if (operator.equals("+") && left instanceof String first && right instanceof String second) {
      rendering.make((long) first.length() + second.length());
      return first.concat(second);
    }
    if (operator.equals("+") && left instanceof List<?> first && right instanceof List<?> second) {
      rendering.make((long) first.size() + second.size());
      List<Object> joined = new ArrayList<>(first);
      joined.addAll(second);
      return left instanceof Tuple ? new Tuple(joined) : joined;
    }
    if (operator.equals("*") && right instanceof Long times) {
      if (left instanceof String text) {
        rendering.make(Math.max(0, times) * Math.max(1L, text.length()));
        return text.repeat((int) Math.max(0, times));
      }
      if (left instanceof List<?> list) {
        rendering.make(Math.max(0, times) * Math.max(1L, list.size()));
        List<Object> repeated = new ArrayList<>();
        for (long i = 0; i < times; i++) {
          repeated.addAll(list);
        }
        return repeated;
      }
    }
    if (operator.equals("%") && left instanceof String format) {
      return Formats.percent(format, percentValues(right), rendering);
    }
    return arithmetic(operator, number(left), number(right));
  }

  private static List<?> percentValues(Object value) {
    return value instanceof Tuple tuple ? tuple : Tuple.of(value);
  }

  private static Number number(Object value) {
    if (value instanceof Number number) {
      return number;
    }
    if (value instanceof Boolean flag) {
      return flag ? 1L : 0L;
    }
    throw new JinjaException("an operator does not fit the values that it is given");
  }

  private static Object arithmetic(String operator, Number left, Number right) {
    boolean whole = left instanceof Long && right instanceof Long;
    try {
      if (whole && !operator.equals("/") && !(operator.equals("**") && right.longValue() < 0)) {
        return whole(operator, left.longValue(), right.longValue());
      }
    } catch (ArithmeticException e) {
      throw new JinjaException("arithmetic: " + e.getMessage());
    }
    double a = left.doubleValue();
    double b = right.doubleValue();
    if (b == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
      throw new JinjaException("arithmetic: / by zero");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      case "//" -> Math.floor(a / b);
      case "%" -> a - b * Math.floor(a / b);
      default -> Math.pow(a, b);
    };
  }

  private static long whole(String operator, long a, long b) {
    return switch (operator) {
      case "+" -> Math.addExact(a, b);
      case "-" -> Math.subtractExact(a, b);
      case "*" -> Math.multiplyExact(a, b);
      case "//" -> Math.floorDiv(a, b);
      case "%" -> Math.floorMod(a, b);
      default -> power(a, b);
    };
  }

  private static long power(long base, long exponent) {
    if (exponent > 1000) {
      throw new ArithmeticException("long overflow");
    }
    long result = 1;
    for (long i = 0; i < exponent; i++) {
      result = Math.multiplyExact(result, base);
    }
    return result;
  }

  static boolean compare(String operator, Object first, Object second, Rendering rendering) {
    Object left = Markup.plain(first);
    Object right = Markup.plain(second);
    return switch (operator) {
      case "==" -> equal(left, right);
      case "!=" -> !equal(left, right);
      case "in" -> contains(right, left, rendering);
      case "not in" -> !contains(right, left, rendering);
      case "<" -> order(left, right) < 0;
      case "<=" -> order(left, right) <= 0;
      case ">" -> order(left, right) > 0;
      default -> order(left, right) >= 0;
    };
  }

  static boolean equal(Object left, Object right) {
    boolean leftNumber = left instanceof Number || left instanceof Boolean;
    boolean rightNumber = right instanceof Number || right instanceof Boolean;
    if (leftNumber && rightNumber) {
      Number a = number(left);
      Number b = number(right);
      boolean whole = a instanceof Long && b instanceof Long;
      return whole ? a.longValue() == b.longValue() : a.doubleValue() == b.doubleValue();
    }
    if (left instanceof List<?> a && right instanceof List<?> b) {
      boolean sameKind = (left instanceof Tuple) == (right instanceof Tuple);
      boolean same = sameKind && a.size() == b.size();
      for (int i = 0; same && i < a.size(); i++) {
        same = equal(a.get(i), b.get(i));
      }
      return same;
    }
    return Objects.equals(left, right);
  }

  /** Order as Python has it between numbers, texts and lists. */
  static int order(Object left, Object right) {
    if (left instanceof String a && right instanceof String b) {
      return compareCodePoints(a, b);
    }
    if (left instanceof List<?> a && right instanceof List<?> b) {
      for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
        int order = order(a.get(i), b.get(i));
        if (order != 0) {
          return order;
        }
      }
      return Integer.compare(a.size(), b.size());
    }
    Number a = number(left);
    Number b = number(right);
    return a instanceof Long && b instanceof Long
        ? Long.compare(a.longValue(), b.longValue())
        : Double.compare(a.doubleValue(), b.doubleValue());
  }

  private static int compareCodePoints(String a, String b) {
    int i = 0;
    while (i < a.length() && i < b.length() && a.charAt(i) == b.charAt(i)) {
      i++;
    }
    if (i == a.length() || i == b.length()) {
      return Integer.compare(a.length(), b.length());
    }
    boolean surrogates = Character.isSurrogate(a.charAt(i)) != Character.isSurrogate(b.charAt(i));
    int order = Character.compare(a.charAt(i), b.charAt(i));
    return surrogates ? (Character.isSurrogate(a.charAt(i)) ? 1 : -1) : order;
  }

  static boolean contains(Object container, Object element, Rendering rendering) {
    if (container instanceof String text) {
      if (element instanceof String part) {
        rendering.make(text.length());
        return text.contains(part);
      }
      throw new JinjaException("looks in a text for what is no text");
    }
    if (container instanceof Map<?, ?> map) {
      return map.containsKey(element);
    }
    if (container instanceof Collection<?> elements) {
      rendering.make(64L * elements.size());
      return elements.stream().anyMatch(each -> equal(each, element));
    }
    if (container instanceof Undefined) {
      return false;
    }
    throw new JinjaException("looks for an element in what has none");
  }
}
