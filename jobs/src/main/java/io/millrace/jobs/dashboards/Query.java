package io.millrace.jobs.dashboards;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line of a panel, or several.
 *
 * @param legend a line's name; {@code {{label}}} stands for the label's value
 */
public record Query(Expr expr, String legend) {
  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");

  /** The name of one line. */
  public String legend(Map<String, String> labels) {
    return PLACE
        .matcher(legend)
        .replaceAll(place -> Matcher.quoteReplacement(labels.getOrDefault(place.group(1), "none")));
  }
}
