package io.millrace.engine.sampling.grammar;

import io.millrace.engine.sampling.grammar.Regex.Anchor;
import io.millrace.engine.sampling.grammar.Regex.Chars;
import io.millrace.engine.sampling.grammar.Regex.Choice;
import io.millrace.engine.sampling.grammar.Regex.Repeat;
import io.millrace.engine.sampling.grammar.Regex.Sequence;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads regular expressions: the part of ECMA-262's syntax that means the same in Java and Python,
 * and that an automaton can follow.
 *
 * <p>Supported: characters, {@code .}, classes with ranges and negation, {@code \d \w \s \D \W \S}
 * (ASCII, as in ECMA-262), {@code \p{L}} and the other general categories, {@code \t \n \r \f \v \0
 * \xHH}, four digits after {@code \}{@code u}, code points in braces after it; groups, named or
 * not; {@code |}; {@code ? * + {n} {n,} {n,m}}, lazy or not, which is the same here; {@code ^} and
 * {@code $} at the ends. Refused by name: look-around, back-references, word boundaries, possessive
 * quantifiers, inline flags.
 */
final class RegexParser {
  private static final int LENGTH_MAX = 16_384;
  private static final int DEPTH_MAX = 64;
  private static final int COUNT_MAX = 100_000;
  private static final double SIZE_MAX = 200_000;

  private final String pattern;
  private int at;
  private int depth;

  private RegexParser(String pattern) {
    this.pattern = pattern;
  }

  /**
   * The texts that a pattern matches as a whole.
   *
   * @throws GrammarException if it is malformed or not supported
   */
  static Regex wholeMatch(String pattern) {
    return RegexAnchors.resolve(parse(pattern), false);
  }

  /** The texts in which a pattern is found, as JSON schema means it. */
  static Regex search(String pattern) {
    return RegexAnchors.resolve(parse(pattern), true);
  }

  private static Regex parse(String pattern) {
    if (pattern.length() > LENGTH_MAX) {
      throw new GrammarException(
          "the pattern has " + pattern.length() + " characters, the most is " + LENGTH_MAX);
    }
    RegexParser parser = new RegexParser(pattern);
    Regex regex = parser.choice();
    if (parser.at < pattern.length()) {
      throw parser.error("an unmatched )");
    }
    if (regex.size() > SIZE_MAX) {
      throw new GrammarException("the pattern's counts multiply to more than " + (int) SIZE_MAX);
    }
    return regex;
  }

  private Regex choice() {
    List<Regex> ways = new ArrayList<>();
    ways.add(sequence());
    while (accept('|')) {
      ways.add(sequence());
    }
    return ways.size() == 1 ? ways.get(0) : new Choice(ways);
  }

  private Regex sequence() {
    List<Regex> parts = new ArrayList<>();
    while (at < pattern.length() && peek() != '|' && peek() != ')') {
      parts.add(quantified());
    }
    return parts.size() == 1 ? parts.get(0) : new Sequence(parts);
  }

  private Regex quantified() {
    Regex part = atom();
    int[] counts = counts();
    if (counts == null) {
      return part;
    }
    if (part instanceof Anchor) {
      throw error("a repeated anchor");
    }
    accept('?'); // lazy: the same texts
    if (at < pattern.length() && peek() == '+') {
      throw error("a possessive quantifier");
    }
    if (counts() != null) {
      throw error("a quantifier after a quantifier");
    }
    return new Repeat(part, counts[0], counts[1]);
  }

  /** Reads a quantifier if there is one. */
  private int[] counts() {
    if (accept('?')) {
      return new int[] {0, 1};
    }
    if (accept('*')) {
      return new int[] {0, GrammarGraph.UNBOUNDED};
    }
    if (accept('+')) {
      return new int[] {1, GrammarGraph.UNBOUNDED};
    }
    int start = at;
    if (accept('{')) {
      int min = number();
      int max = min;
      if (min >= 0 && accept(',')) {
        max = at < pattern.length() && peek() != '}' ? number() : GrammarGraph.UNBOUNDED;
      }
      if (min >= 0 && max >= 0 && accept('}')) {
        if (min > max) {
          throw error("a count whose least is greater than its most");
        }
        return new int[] {min, max};
      }
      at = start; // a brace that is not a count is a character
    }
    return null;
  }

  /** A number without a sign, or -1. */
  private int number() {
    int start = at;
    long value = 0;
    while (at < pattern.length() && peek() >= '0' && peek() <= '9') {
      value = 10 * value + (take() - '0');
      if (value > COUNT_MAX) {
        throw error("a count of more than " + COUNT_MAX);
      }
    }
    return at == start ? -1 : (int) value;
  }

  private Regex atom() {
    char c = peek();
    return switch (c) {
      case '(' -> group();
      case '[' -> new Chars(characterClass());
      case '.' -> {
        at++;
        yield new Chars(RegexClasses.DOT);
      }
      case '^', '$' -> {
        at++;
        yield new Anchor(c == '^');
      }
      case '*', '+', '?' -> throw error("a quantifier of nothing");
      case '\\' -> {
        at++;
        yield new Chars(escape());
      }
      default -> new Chars(CodePoints.of(takeCodePoint()));
    };
  }

  private Regex group() {
    if (++depth > DEPTH_MAX) {
      throw error("groups nested more than " + DEPTH_MAX + " deep");
    }
    at++;
    if (accept('?')) {
      if (!accept(':')) {
        name();
      }
    }
    Regex inner = choice();
    if (!accept(')')) {
      throw error("an unmatched (");
    }
    depth--;
    return inner;
  }

  /** {@code (?<name>} or Python's {@code (?P<name>}. */
  private void name() {
    accept('P');
    boolean named = accept('<');
    int end = pattern.indexOf('>', at);
    if (!named || end < 0 || !pattern.substring(at, end).matches("[A-Za-z_]\\w*")) {
      throw error("look-around, a back-reference or a flag");
    }
    at = end + 1;
  }

  private CodePoints characterClass() {
    at++;
    boolean negated = accept('^');
    CodePoints set = CodePoints.NONE;
    if (at < pattern.length() && (peek() == ']' || pattern.startsWith("[:", at))) {
      throw error("an empty or POSIX character class");
    }
    while (!accept(']')) {
      set = set.union(classItem());
    }
    return negated ? set.complement() : set;
  }

  private CodePoints classItem() {
    CodePoints low = classAtom();
    if (at + 1 >= pattern.length() || peek() != '-' || pattern.charAt(at + 1) == ']') {
      return low;
    }
    at++;
    CodePoints high = classAtom();
    if (!isOne(low) || !isOne(high) || low.first(0) > high.first(0)) {
      throw error("a range that is not from a lower to a higher character");
    }
    return CodePoints.range(low.first(0), high.first(0));
  }

  private static boolean isOne(CodePoints set) {
    return set.ranges() == 1 && set.first(0) == set.last(0);
  }

  private CodePoints classAtom() {
    if (at >= pattern.length()) {
      throw error("an unmatched [");
    }
    if (accept('\\')) {
      return accept('b') ? CodePoints.of('\b') : escape();
    }
    return CodePoints.of(takeCodePoint());
  }

  /** After a backslash. */
  private CodePoints escape() {
    if (at >= pattern.length()) {
      throw error("a backslash at the end");
    }
    char c = take();
    CodePoints named = RegexClasses.escape(c);
    if (named != null) {
      return named;
    }
    return switch (c) {
      case '0' -> CodePoints.of(0);
      case 'x' -> hex(2);
      case 'u' -> accept('{') ? braced() : hex(4);
      case 'p' -> category();
      case 'P' -> category().complement();
      default -> {
        if (c >= 0x80 || Character.isLetterOrDigit(c)) {
          throw error("\\" + c);
        }
        yield CodePoints.of(c);
      }
    };
  }

  private CodePoints hex(int digits) {
    int unit = hexNumber(digits);
    if (Character.isHighSurrogate((char) unit) && pattern.startsWith("\\u", at)) {
      at += 2;
      int low = hexNumber(4);
      if (Character.isLowSurrogate((char) low)) {
        return CodePoints.of(Character.toCodePoint((char) unit, (char) low));
      }
    }
    return codePoint(unit);
  }

  private int hexNumber(int digits) {
    int end = Math.min(pattern.length(), at + digits);
    String text = pattern.substring(at, end);
    if (!text.matches("[0-9A-Fa-f]{" + digits + "}")) {
      throw error("an escape without its " + digits + " hexadecimal digits");
    }
    at = end;
    return Integer.parseInt(text, 16);
  }

  private CodePoints braced() {
    int end = pattern.indexOf('}', at);
    if (end < 0 || !pattern.substring(at, end).matches("[0-9A-Fa-f]{1,6}")) {
      throw error("an escape without its hexadecimal digits");
    }
    int value = Integer.parseInt(pattern.substring(at, end), 16);
    at = end + 1;
    return codePoint(value);
  }

  private CodePoints codePoint(int value) {
    if (!CodePoints.ALL.contains(value)) {
      throw error("what is no character");
    }
    return CodePoints.of(value);
  }

  private CodePoints category() {
    int end = pattern.indexOf('}', at);
    if (!accept('{') || end < 0) {
      throw error("\\p without a category in braces");
    }
    String name = pattern.substring(at, end);
    at = end + 1;
    CodePoints set = RegexClasses.category(name);
    if (set == null) {
      throw error("a character property other than a general category");
    }
    return set;
  }

  private boolean accept(char c) {
    if (at < pattern.length() && peek() == c) {
      at++;
      return true;
    }
    return false;
  }

  private char peek() {
    return pattern.charAt(at);
  }

  private char take() {
    return pattern.charAt(at++);
  }

  private int takeCodePoint() {
    int c = pattern.codePointAt(at);
    at += Character.charCount(c);
    if (!CodePoints.ALL.contains(c)) {
      throw error("half a surrogate pair");
    }
    return c;
  }

  private GrammarException error(String what) {
    return new GrammarException(
        "the pattern has " + what + ", which is not supported, at character " + at);
  }
}
