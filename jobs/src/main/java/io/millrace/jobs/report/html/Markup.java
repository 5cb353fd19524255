package io.millrace.jobs.report.html;

import io.millrace.jobs.report.format.Names;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Writes markup that is well-formed as HTML and as XML: what is opened is closed in order, and all
 * text and all values are escaped.
 */
final class Markup {
  private final StringBuilder out = new StringBuilder(64 * 1024);
  private final Deque<String> open = new ArrayDeque<>();

  /** Begins an element; attributes are names and values by turns. */
  Markup open(String tag, String... attributes) {
    begin(tag, attributes);
    out.append('>');
    open.push(tag);
    return this;
  }

  /** Ends the element that was opened last. */
  Markup close() {
    out.append("</").append(open.pop()).append('>');
    if (open.size() <= 4 && !open.contains("p")) {
      out.append('\n');
    }
    return this;
  }

  /** An element with nothing inside: {@code meta}, {@code rect}. */
  Markup empty(String tag, String... attributes) {
    begin(tag, attributes);
    out.append("/>");
    return this;
  }

  /** An element with text. */
  Markup element(String tag, String text, String... attributes) {
    return open(tag, attributes).text(text).close();
  }

  Markup text(String text) {
    escape(text);
    return this;
  }

  /** A style sheet of ours: it has no {@code <} and no {@code &}. */
  Markup style(String css) {
    if (css.indexOf('<') >= 0 || css.indexOf('&') >= 0) {
      throw new IllegalArgumentException("a style sheet that would need to be escaped");
    }
    open("style");
    out.append(css);
    return close();
  }

  /** The whole, when all is closed. */
  String document() {
    if (!open.isEmpty()) {
      throw new IllegalStateException("not closed: " + open);
    }
    return "<!DOCTYPE html>\n" + out;
  }

  private void begin(String tag, String... attributes) {
    out.append('<').append(tag);
    for (int i = 0; i < attributes.length; i += 2) {
      out.append(' ').append(attributes[i]).append("=\"");
      escape(attributes[i + 1]);
      out.append('"');
    }
  }

  private void escape(String text) {
    String clean = Names.clean(text);
    for (int i = 0; i < clean.length(); i++) {
      char c = clean.charAt(i);
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append("&quot;");
        case '\'' -> out.append("&#39;");
        default -> out.append(c);
      }
    }
  }
}
