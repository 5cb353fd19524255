package io.millrace.engine.tokenizer.jinja;

/**
 * Text that is marked as safe HTML. It prints as it is, but what is joined to it is escaped, which
 * a few templates run into.
 */
record Markup(String text) {

  /** Text as HTML spells it. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }

  /** Two values joined, where one is marked. */
  static Markup join(Object left, Object right) {
    return new Markup(escaped(left).concat(escaped(right)));
  }

  private static String escaped(Object value) {
    return value instanceof Markup markup ? markup.text : escape(Values.text(value));
  }

  /** The value without a mark. */
  static Object plain(Object value) {
    return value instanceof Markup markup ? markup.text : value;
  }
}
