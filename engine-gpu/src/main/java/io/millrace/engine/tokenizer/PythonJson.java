package io.millrace.engine.tokenizer;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;

/** JSON laid out as Python's {@code json.dumps(value, ensure_ascii=False, indent=...)} does. */
final class PythonJson {
  private static final int DEPTH_MAX = 32;

  private final StringBuilder out = new StringBuilder();
  private final int indent;

  private PythonJson(int indent) {
    this.indent = indent;
  }

  /**
   * @param indent spaces per level, or -1 for one line
   * @throws IllegalArgumentException if the value nests too deep or gets too long
   */
  static String write(Object value, int indent) {
    PythonJson json = new PythonJson(indent);
    json.value(value, 0);
    return json.out.toString();
  }

  private void value(Object value, int depth) {
    if (depth > DEPTH_MAX || out.length() > ChatTemplate.OUTPUT_CHARS_MAX) {
      throw new IllegalArgumentException("tojson of too much");
    }
    if (value == null || value instanceof Boolean || value instanceof Number) {
      out.append(value);
    } else if (value instanceof Map<?, ?> map) {
      Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
      block('{', '}', entries, depth, entry -> entry(entry, depth + 1));
    } else if (value instanceof Collection<?> list) {
      block('[', ']', list.iterator(), depth, element -> value(element, depth + 1));
    } else {
      string(value.toString());
    }
  }

  private void entry(Map.Entry<?, ?> entry, int depth) {
    string(String.valueOf(entry.getKey()));
    out.append(": ");
    value(entry.getValue(), depth);
  }

  private <T> void block(
      char open,
      char close,
      Iterator<T> elements,
      int depth,
      java.util.function.Consumer<T> write) {
    out.append(open);
    boolean any = elements.hasNext();
    while (elements.hasNext()) {
      newLine(depth + 1);
      write.accept(elements.next());
      if (elements.hasNext()) {
        out.append(indent < 0 ? ", " : ",");
      }
    }
    if (any) {
      newLine(depth);
    }
    out.append(close);
  }

  private void newLine(int depth) {
    if (indent >= 0) {
      out.append('\n').append(" ".repeat(indent * depth));
    }
  }

  private void string(String text) {
    out.append('"').append(JsonStringEncoder.getInstance().quoteAsString(text)).append('"');
  }
}
