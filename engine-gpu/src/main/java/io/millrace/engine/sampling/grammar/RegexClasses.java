package io.millrace.engine.sampling.grammar;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Sets of characters that regular expressions have names for. */
final class RegexClasses {
  private static final CodePoints LINE_ENDS = CodePoints.anyOf("\n\r\u0085\u2028\u2029");

  /** No line end by ECMA-262's or by Java's book. */
  static final CodePoints DOT = LINE_ENDS.complement();

  private static final CodePoints DIGITS = CodePoints.range('0', '9');
  private static final CodePoints WORD =
      DIGITS
          .union(CodePoints.range('a', 'z'))
          .union(CodePoints.range('A', 'Z'))
          .union(CodePoints.of('_'));
  private static final CodePoints SPACE = CodePoints.anyOf(" \t\n\u000b\f\r");

  /** White space by ECMA-262's book, which has more than Java's. */
  private static final CodePoints ECMA_SPACE =
      SPACE
          .union(CodePoints.anyOf("\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"))
          .union(CodePoints.range(0x2000, 0x200a));

  private static final Map<String, Integer> CATEGORIES = new HashMap<>();

  static {
    String names =
        "Cn Lu Ll Lt Lm Lo Mn Me Mc Nd Nl No Zs Zl Zp Cc Cf ?? Co Cs Pd Ps Pe Pc Po Sm Sc Sk So"
            + " Pi Pf";
    String[] byNumber = names.split(" ");
    for (int i = 0; i < byNumber.length; i++) {
      CATEGORIES.put(byNumber[i], i);
    }
  }

  private static final Map<String, CodePoints> KNOWN = new ConcurrentHashMap<>();

  private RegexClasses() {}

  /** What a letter means after a backslash, or null. */
  static CodePoints escape(char letter) {
    return switch (letter) {
      case 'd' -> DIGITS;
      case 'D' -> DIGITS.complement();
      case 'w' -> WORD;
      case 'W' -> WORD.complement();
      // What every flavour calls white space; its opposite is what none does.
      case 's' -> SPACE;
      case 'S' -> ECMA_SPACE.complement();
      case 't' -> CodePoints.of('\t');
      case 'n' -> CodePoints.of('\n');
      case 'r' -> CodePoints.of('\r');
      case 'f' -> CodePoints.of('\f');
      case 'v' -> CodePoints.of(0x0b);
      default -> null;
    };
  }

  /** A Unicode general category such as {@code Lu}, or all that begin alike such as {@code L}. */
  static CodePoints category(String name) {
    boolean known =
        !name.contains("?")
            && (CATEGORIES.containsKey(name)
                || (name.length() == 1
                    && CATEGORIES.keySet().stream().anyMatch(key -> key.startsWith(name))));
    return known ? KNOWN.computeIfAbsent(name, RegexClasses::scan) : null;
  }

  private static CodePoints scan(String name) {
    boolean[] wanted = new boolean[32];
    CATEGORIES.forEach((category, number) -> wanted[number] |= category.startsWith(name));
    return CodePoints.where(c -> wanted[Character.getType(c)]);
  }
}
