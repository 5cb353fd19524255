package io.millrace.engine.tokenizer;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One step of a {@link PreTokenizer}: cuts a part of a text into smaller parts. */
@FunctionalInterface
interface SplitRule {

  /** Hands on the parts, in order and without gaps; empty ones too. Sees nothing outside. */
  void split(PatternText text, int start, int end, PreTokenizer.Sink sink);

  /** A pattern's matches and what lies between them, by the classes of characters. */
  static SplitRule classes(String pattern) {
    Pattern compiled = Pattern.compile(pattern);
    return (text, start, end, sink) -> matches(compiled, text.classes(), start, end, sink);
  }

  /** A pattern's matches and what lies between them, by the characters themselves. */
  static SplitRule literal(String pattern) {
    Pattern compiled = Pattern.compile(pattern);
    return (text, start, end, sink) -> matches(compiled, text.literal(), start, end, sink);
  }

  private static void matches(
      Pattern pattern, String text, int start, int end, PreTokenizer.Sink sink) {
    Matcher matcher = pattern.matcher(text).region(start, end);
    int at = start;
    while (matcher.find()) {
      sink.word(at, matcher.start());
      sink.word(matcher.start(), matcher.end());
      at = matcher.end();
    }
    sink.word(at, end);
  }

  /**
   * Cuts every number into groups of three digits, counted from its end: 12345 into 12 and 345.
   * Text in front of a number stays with its first group, as in llama.cpp.
   *
   * @param digits pattern of a run of digits
   * @param beforeWhole whether a number of whole groups is cut off from what stands before it
   * @param afterNumber whether what follows a number is cut off from it
   */
  static SplitRule digitGroups(String digits, boolean beforeWhole, boolean afterNumber) {
    Pattern compiled = Pattern.compile(digits);
    return (text, start, end, sink) -> {
      Matcher number = compiled.matcher(text.classes()).region(start, end);
      int at = start;
      while (number.find()) {
        int count = text.classes().codePointCount(number.start(), number.end());
        int place = number.start();
        for (int left = count; left > 0; left--) {
          if (left % 3 == 0 && (left < count || beforeWhole)) {
            sink.word(at, place);
            at = place;
          }
          place = text.classes().offsetByCodePoints(place, 1);
        }
        if (afterNumber) {
          sink.word(at, place);
          at = place;
        }
      }
      sink.word(at, end);
    };
  }
}
