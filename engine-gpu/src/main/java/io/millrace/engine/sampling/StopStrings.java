package io.millrace.engine.sampling;

import java.util.List;

/**
 * Cuts a growing text at the first stop string, and holds back what may yet become one.
 *
 * <p>The first is the one whose last character comes first; of several that end there, the longest.
 * So the cut depends on the text alone, not on the pieces in which it comes. Each string is
 * followed by a Knuth-Morris-Pratt automaton; as many characters are held back as the most advanced
 * of them has matched, fewer than the longest stop string has.
 */
public final class StopStrings {
  private final String[] stops;

  /** {@code [stop][i]}: the longest proper prefix of its first i + 1 characters that ends them. */
  private final int[][] borders;

  private final int[] matched;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  /**
   * @param stops the stop strings, none empty; may be no strings at all
   */
  public StopStrings(List<String> stops) {
    this.stops = stops.toArray(new String[0]);
    this.borders = new int[this.stops.length][];
    this.matched = new int[this.stops.length];
    for (int s = 0; s < borders.length; s++) {
      borders[s] = borders(this.stops[s]);
    }
  }

  /**
   * Adds to the text.
   *
   * @return the characters that are now sure not to be part of a stop string; empty once {@link
   *     #stopped}
   */
  public String feed(String text) {
    if (stopped) {
      return "";
    }
    if (stops.length == 0) {
      return text;
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      held.append(c);
      int hitLength = 0;
      for (int s = 0; s < stops.length; s++) {
        if (advance(s, c)) {
          hitLength = Math.max(hitLength, stops[s].length());
        }
      }
      if (hitLength > 0) {
        stopped = true;
        return take(hitLength);
      }
    }
    int hold = 0;
    for (int m : matched) {
      hold = Math.max(hold, m);
    }
    return take(hold);
  }

  /** Ends the text: returns what was held back, since nothing can complete it any more. */
  public String flush() {
    return stopped ? "" : take(0);
  }

  /** Whether a stop string was reached. */
  public boolean stopped() {
    return stopped;
  }

  /** Takes all held characters but the last {@code keep}, which are dropped after a stop. */
  private String take(int keep) {
    String text = held.substring(0, held.length() - keep);
    held.delete(0, stopped ? held.length() : text.length());
    return text;
  }

  /** Moves one automaton on by a character; whether its string is now complete. */
  private boolean advance(int s, char c) {
    String stop = stops[s];
    int m = matched[s];
    while (m > 0 && stop.charAt(m) != c) {
      m = borders[s][m - 1];
    }
    if (stop.charAt(m) == c) {
      m++;
    }
    matched[s] = m;
    return m == stop.length();
  }

  private static int[] borders(String stop) {
    int[] borders = new int[stop.length()];
    for (int i = 1, m = 0; i < stop.length(); i++) {
      while (m > 0 && stop.charAt(m) != stop.charAt(i)) {
        m = borders[m - 1];
      }
      if (stop.charAt(m) == stop.charAt(i)) {
        m++;
      }
      borders[i] = m;
    }
    return borders;
  }
}
