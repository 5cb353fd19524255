package io.millrace.jobs.report.format;

import io.millrace.jobs.report.Layer;

/** Names of tenants and models, which anyone may have chosen, made fit to be shown. */
public final class Names {
  private static final int REPLACEMENT = 0xFFFD;

  /** What a person reads of a name at most. */
  public static final int SHOWN_MAX = 60;

  private Names() {}

  /**
   * The name without what would steer a terminal or turn text around: control characters, marks of
   * direction, and halves of characters stand as U+FFFD.
   *
   * @param name null is told as {@code (none)}
   */
  public static String clean(String name) {
    if (name == null) {
      return "(none)";
    }
    StringBuilder clean = new StringBuilder(name.length());
    name.codePoints().map(c -> steers(c) ? REPLACEMENT : c).forEach(clean::appendCodePoint);
    return clean.toString();
  }

  /** The same, cut to a length, of code points, with an ellipsis for its end. */
  public static String shown(String name, int max) {
    String clean = clean(name);
    if (clean.codePointCount(0, clean.length()) <= max) {
      return clean;
    }
    return clean.substring(0, clean.offsetByCodePoints(0, max - 1)) + "…";
  }

  /**
   * What a layer of a chart is called.
   *
   * @param others what the others are: {@code tenants}
   */
  public static String of(Layer layer, String others) {
    return switch (layer.kind()) {
      case NAMED -> shown(layer.name(), SHOWN_MAX);
      case OTHERS -> "all other " + others;
      case IDLE -> "idle";
      case RECOVERY -> "lost to failures";
    };
  }

  private static boolean steers(int c) {
    return Character.isISOControl(c)
        || Character.getType(c) == Character.SURROGATE
        || Character.getType(c) == Character.LINE_SEPARATOR
        || Character.getType(c) == Character.PARAGRAPH_SEPARATOR
        || (c >= 0x202A && c <= 0x202E)
        || (c >= 0x2066 && c <= 0x2069)
        || c == 0x200E
        || c == 0x200F
        || c == 0x061C
        || (c & 0xFFFE) == 0xFFFE;
  }
}
