package io.millrace.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {

  @Test
  void holdsBackWhatMayBecomeAStopString() {
    StopStrings stops = new StopStrings(List.of("END", "\n\n"));
    assertThat(stops.feed("The E")).isEqualTo("The ");
    assertThat(stops.feed("N")).isEmpty();
    assertThat(stops.feed("E")).isEqualTo("EN");
    assertThat(stops.feed("ND of it")).isEmpty();
    assertThat(stops.stopped()).isTrue();
    assertThat(stops.feed("more")).isEmpty();
    assertThat(stops.flush()).isEmpty();
  }

  @Test
  void cutsInTheMiddleOfAPiece() {
    StopStrings stops = new StopStrings(List.of("b"));
    assertThat(stops.feed("abc")).isEqualTo("a");
    assertThat(stops.stopped()).isTrue();
  }

  @Test
  void flushGivesBackWhatNothingCanComplete() {
    StopStrings stops = new StopStrings(List.of("END"));
    assertThat(stops.feed("EN")).isEmpty();
    assertThat(stops.flush()).isEqualTo("EN");
    assertThat(stops.flush()).isEmpty();
    assertThat(stops.stopped()).isFalse();
  }

  @Test
  void ofSeveralTheOneThatEndsFirstCutsAndOfThoseTheLongest() {
    assertThat(new StopStrings(List.of("abcd", "bc")).feed("xabcd")).isEqualTo("xa");
    assertThat(new StopStrings(List.of("c", "abc")).feed("xabcd")).isEqualTo("x");
  }

  @Test
  void findsAStringThatStartsWithinAnotherTry() {
    assertThat(new StopStrings(List.of("aab")).feed("aaaab")).isEqualTo("aa");
    StopStrings stops = new StopStrings(List.of("abac"));
    assertThat(stops.feed("abab") + stops.feed("ac")).isEqualTo("ab");
    assertThat(stops.stopped()).isTrue();
  }

  @Test
  void agreesWithANaiveSearchHoweverTheTextIsCut() {
    Random random = new Random(1);
    int stoppedCount = 0;
    for (int round = 0; round < 20_000; round++) {
      String text = letters(random, random.nextInt(30));
      List<String> strings = new ArrayList<>();
      for (int n = random.nextInt(4); n > 0; n--) {
        strings.add(letters(random, 1 + random.nextInt(6)));
      }
      StopStrings stops = new StopStrings(strings);
      StringBuilder emitted = new StringBuilder();
      int fed = 0;
      while (fed < text.length()) {
        int next = Math.min(text.length(), fed + random.nextInt(5));
        emitted.append(stops.feed(text.substring(fed, next)));
        fed = next;
        assertThat(emitted.toString())
            .as("round %d: %s in %s", round, strings, text)
            .isEqualTo(finalPart(text.substring(0, fed), strings));
      }
      emitted.append(stops.flush());
      int end = naiveEnd(text, strings);
      assertThat(stops.stopped()).isEqualTo(end >= 0);
      assertThat(emitted.toString()).isEqualTo(end >= 0 ? cut(text, strings, end) : text);
      stoppedCount += end >= 0 ? 1 : 0;
    }
    assertThat(stoppedCount).isBetween(5_000, 18_000);
  }

  /** What is certain of a text that may go on: all but the longest end that starts a string. */
  private static String finalPart(String text, List<String> strings) {
    int end = naiveEnd(text, strings);
    if (end >= 0) {
      return cut(text, strings, end);
    }
    for (int from = 0; from < text.length(); from++) {
      String rest = text.substring(from);
      if (strings.stream().anyMatch(s -> s.startsWith(rest))) {
        return text.substring(0, from);
      }
    }
    return text;
  }

  /** Where the first complete stop string ends, or -1. */
  private static int naiveEnd(String text, List<String> strings) {
    for (int end = 1; end <= text.length(); end++) {
      if (strings.stream().anyMatch(text.substring(0, end)::endsWith)) {
        return end;
      }
    }
    return -1;
  }

  private static String cut(String text, List<String> strings, int end) {
    String upToEnd = text.substring(0, end);
    int longest =
        strings.stream().filter(upToEnd::endsWith).mapToInt(String::length).max().getAsInt();
    return upToEnd.substring(0, end - longest);
  }

  private static String letters(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(3)));
    }
    return text.toString();
  }
}
