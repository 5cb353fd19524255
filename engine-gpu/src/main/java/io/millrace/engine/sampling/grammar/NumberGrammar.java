package io.millrace.engine.sampling.grammar;

import io.millrace.engine.sampling.grammar.CharAutomaton.Row;
import io.millrace.engine.sampling.grammar.Regex.Chars;
import io.millrace.engine.sampling.grammar.Regex.Choice;
import io.millrace.engine.sampling.grammar.Regex.Repeat;
import io.millrace.engine.sampling.grammar.Regex.Sequence;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * Numbers within bounds, and multiples: each is an automaton over decimal digits, and their
 * intersection is what may be written. A negative number is a minus sign and a number of the
 * mirrored range.
 */
final class NumberGrammar {
  /** Digits that a bound may have before the point; one beyond all we write is none. */
  private static final int WHOLE_DIGITS_MAX = 40;

  private static final int FRACTION_DIGITS_MAX = 40;

  private NumberGrammar() {}

  /**
   * @param integer whether only whole numbers are allowed
   * @return the node to enter by
   */
  static int write(JsonGrammar json, Constraints constraints, boolean integer, int next) {
    NumberRange range = constraints.range;
    if (range.equals(NumberRange.ALL) && constraints.multiplesOf.isEmpty()) {
      return integer ? json.integer(next) : json.number(next);
    }
    GraphBuilder graph = json.graph();
    CharAutomaton digits = digits(constraints, integer);
    CharAutomaton positive = within(digits, range, constraints);
    CharAutomaton negative = within(digits, range.negated(), constraints);
    return graph.choice(
        positive.write(graph, json.strings(), next),
        graph.bytes('-', '-', negative.write(graph, json.strings(), next)));
  }

  /** Numbers without a sign, and multiples if asked for. */
  private static CharAutomaton digits(Constraints constraints, boolean integer) {
    int fraction = integer ? 0 : JsonGrammar.DIGITS_MAX;
    long multiple = 1;
    for (BigDecimal of : constraints.multiplesOf) {
      BigDecimal stripped = of.stripTrailingZeros();
      if (stripped.scale() <= 0) {
        fraction = 0;
        multiple = leastCommon(multiple, stripped, constraints);
      } else if (stripped.unscaledValue().bitLength() == 1 && stripped.scale() <= fraction) {
        fraction = stripped.scale(); // a power of ten
      } else if (!(fraction == 0 && dividesOne(stripped))) {
        throw constraints.where.error("has a multipleOf that is neither whole nor a power of ten");
      }
    }
    CharAutomaton digits = CharAutomaton.of(number(fraction, constraints.range));
    return multiple == 1 ? digits : digits.intersect(multiples(multiple));
  }

  private static boolean dividesOne(BigDecimal value) {
    return BigDecimal.ONE.remainder(value).signum() == 0;
  }

  private static long leastCommon(long a, BigDecimal b, Constraints constraints) {
    if (b.compareTo(BigDecimal.valueOf(CharAutomaton.STATES_MAX)) > 0) {
      throw constraints.where.error(
          "has a multipleOf of more than " + CharAutomaton.STATES_MAX + ", which is not supported");
    }
    long divisor = b.toBigInteger().gcd(java.math.BigInteger.valueOf(a)).longValueExact();
    return a / divisor * b.longValueExact();
  }

  private static Regex number(int fractionDigits, NumberRange range) {
    int wholeDigits =
        Math.max(
            JsonGrammar.DIGITS_MAX, Math.max(wholeDigits(range.min()), wholeDigits(range.max())));
    Regex digit = new Chars(JsonGrammar.DIGITS);
    Regex whole =
        new Choice(
            List.of(
                Regex.literal("0"),
                new Sequence(
                    List.of(
                        new Chars(CodePoints.range('1', '9')),
                        new Repeat(digit, 0, wholeDigits - 1)))));
    if (fractionDigits == 0) {
      return whole;
    }
    boolean any = fractionDigits == JsonGrammar.DIGITS_MAX;
    int most = any ? Math.max(scale(range.min()), scale(range.max())) : 0;
    Regex part =
        new Sequence(
            List.of(Regex.literal("."), new Repeat(digit, 1, Math.max(fractionDigits, most))));
    return new Sequence(List.of(whole, new Repeat(part, 0, 1)));
  }

  private static int wholeDigits(BigDecimal bound) {
    return bound == null ? 0 : Math.min(WHOLE_DIGITS_MAX, bound.precision() - bound.scale());
  }

  private static int scale(BigDecimal bound) {
    return bound == null
        ? 0
        : Math.min(FRACTION_DIGITS_MAX, Math.max(0, bound.stripTrailingZeros().scale()));
  }

  /** Those of the numbers without a sign that are in the range. */
  private static CharAutomaton within(
      CharAutomaton digits, NumberRange range, Constraints constraints) {
    CharAutomaton within = digits;
    BigDecimal min = range.min();
    if (min != null && (min.signum() > 0 || (min.signum() == 0 && range.minExclusive()))) {
      boolean exclusive = range.minExclusive();
      within = within.intersect(compared(min, constraints, o -> exclusive ? o > 0 : o >= 0));
    }
    BigDecimal max = range.max();
    if (max != null) {
      boolean exclusive = range.maxExclusive();
      within =
          within.intersect(
              max.signum() < 0
                  ? CharAutomaton.of(new Choice(List.of()))
                  : compared(max, constraints, o -> exclusive ? o < 0 : o <= 0));
    }
    return within;
  }

  private static CharAutomaton multiples(long of) {
    return CharAutomaton.explore(
        0L,
        remainder -> {
          Map<Integer, Long> targets = new HashMap<>();
          for (int digit = 0; digit < 10; digit++) {
            targets.put('0' + digit, (10 * remainder + digit) % of);
          }
          return CharAutomaton.row(targets);
        },
        remainder -> remainder == 0);
  }

  /**
   * How far a number has been compared with the bound.
   *
   * @param digits read of this part, at most one more than the bound has
   * @param order of what was read and the same number of the bound's digits
   */
  private record Comparison(int digits, int order, boolean fraction) {}

  /** Numbers without a sign that compare with a bound, 0 or more, as asked. */
  private static CharAutomaton compared(
      BigDecimal bound, Constraints constraints, IntPredicate order) {
    BigDecimal stripped = bound.stripTrailingZeros();
    if (stripped.scale() > FRACTION_DIGITS_MAX) {
      throw constraints.where.error("has a bound of more than 40 digits after the point");
    }
    // Beyond all numbers that are written, one bound is as good as another.
    BigDecimal near =
        stripped.precision() - stripped.scale() > WHOLE_DIGITS_MAX
            ? BigDecimal.TEN.pow(WHOLE_DIGITS_MAX)
            : stripped;
    String[] parts = near.toPlainString().split("\\.");
    String whole = parts[0];
    String fraction = parts.length == 1 ? "" : parts[1];
    return CharAutomaton.explore(
        new Comparison(0, 0, false),
        at -> step(at, whole, fraction),
        at -> order.test(ended(at, whole, fraction)));
  }

  private static Row<Comparison> step(Comparison at, String whole, String fraction) {
    String part = at.fraction() ? fraction : whole;
    Map<Integer, Comparison> targets = new HashMap<>();
    for (int digit = '0'; digit <= '9'; digit++) {
      int digits = Math.min(part.length() + (at.fraction() ? 0 : 1), at.digits() + 1);
      int expected = at.digits() < part.length() ? part.charAt(at.digits()) : '0';
      int order = at.order() != 0 ? at.order() : Integer.compare(digit, expected);
      targets.put(digit, new Comparison(digits, order, at.fraction()));
    }
    if (!at.fraction()) {
      targets.put((int) '.', new Comparison(0, wholeOrder(at, whole), true));
    }
    return CharAutomaton.row(targets);
  }

  /** Without leading zeros, the longer is the greater. */
  private static int wholeOrder(Comparison at, String whole) {
    return at.digits() != whole.length()
        ? Integer.compare(at.digits(), whole.length())
        : at.order();
  }

  /** What the bound has beyond is not zero. */
  private static int ended(Comparison at, String whole, String fraction) {
    int order = at.fraction() ? at.order() : wholeOrder(at, whole);
    int compared = at.fraction() ? at.digits() : 0;
    return order == 0 && compared < fraction.length() ? -1 : order;
  }
}
