package io.millrace.engine.sampling.grammar;

import io.millrace.engine.sampling.grammar.Regex.Anchor;
import io.millrace.engine.sampling.grammar.Regex.Choice;
import io.millrace.engine.sampling.grammar.Regex.Repeat;
import io.millrace.engine.sampling.grammar.Regex.Sequence;
import java.util.ArrayList;
import java.util.List;

/**
 * Does away with {@code ^} and {@code $}: what they mean is said by which alternatives begin or end
 * with any text. They may stand at the ends of alternatives, also of those of a group that is
 * itself first or last.
 */
final class RegexAnchors {
  private static final int WAYS_MAX = 256;

  private RegexAnchors() {}

  /**
   * @param search whether any text may stand where no anchor is
   * @throws GrammarException if an anchor stands elsewhere
   */
  static Regex resolve(Regex regex, boolean search) {
    List<List<Regex>> ways = new ArrayList<>();
    expand(List.of(regex), ways);
    List<Regex> resolved = new ArrayList<>();
    for (List<Regex> way : ways) {
      resolved.add(resolve(way, search));
    }
    return resolved.size() == 1 ? resolved.get(0) : new Choice(resolved);
  }

  private static Regex resolve(List<Regex> way, boolean search) {
    int from = 0;
    int to = way.size();
    while (from < to && way.get(from) instanceof Anchor anchor && anchor.start()) {
      from++;
    }
    while (to > from && way.get(to - 1) instanceof Anchor anchor && !anchor.start()) {
      to--;
    }
    List<Regex> parts = new ArrayList<>();
    if (search && from == 0) {
      parts.add(Regex.ANY_TEXT);
    }
    for (Regex part : way.subList(from, to)) {
      if (anchored(part)) {
        throw new GrammarException("the pattern has ^ or $ elsewhere than at its ends");
      }
      parts.add(part);
    }
    if (search && to == way.size()) {
      parts.add(Regex.ANY_TEXT);
    }
    return new Sequence(parts);
  }

  /** Multiplies out what has anchors at either end. */
  private static void expand(List<Regex> way, List<List<Regex>> ways) {
    if (ways.size() > WAYS_MAX) {
      throw new GrammarException("the pattern has too many alternatives with ^ or $");
    }
    for (int end : new int[] {0, way.size() - 1}) {
      if (way.isEmpty() || !anchored(way.get(end))) {
        continue;
      }
      if (way.get(end) instanceof Sequence sequence) {
        expand(replaced(way, end, sequence.parts()), ways);
        return;
      }
      if (way.get(end) instanceof Choice choice) {
        choice.ways().forEach(one -> expand(replaced(way, end, List.of(one)), ways));
        return;
      }
    }
    ways.add(way);
  }

  private static List<Regex> replaced(List<Regex> way, int at, List<Regex> by) {
    List<Regex> parts = new ArrayList<>(way.subList(0, at));
    parts.addAll(by);
    parts.addAll(way.subList(at + 1, way.size()));
    return parts;
  }

  private static boolean anchored(Regex regex) {
    if (regex instanceof Sequence sequence) {
      return sequence.parts().stream().anyMatch(RegexAnchors::anchored);
    }
    if (regex instanceof Choice choice) {
      return choice.ways().stream().anyMatch(RegexAnchors::anchored);
    }
    return regex instanceof Anchor || (regex instanceof Repeat repeat && anchored(repeat.part()));
  }
}
