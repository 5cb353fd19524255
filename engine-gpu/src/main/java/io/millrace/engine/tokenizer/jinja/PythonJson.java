package io.millrace.engine.tokenizer.jinja;

import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** JSON laid out as Python's {@code json.dumps} does, with {@code ensure_ascii=False}. */
final class PythonJson {
  private static final int DEPTH_MAX = 64;
  private static final int INDENT_MAX = 16;

  private final StringBuilder out = new StringBuilder();
  private final int indent;
  private final boolean ascii;
  private final boolean sorted;
  private final String comma;
  private final String colon;

  private PythonJson(Arguments arguments) {
    Object width = arguments.get(1, "indent", null);
    indent = width instanceof Long number ? (int) Math.min(Math.max(0, number), INDENT_MAX) : -1;
    ascii = arguments.flag(0, "ensure_ascii");
    sorted = arguments.flag(3, "sort_keys");
    if (arguments.get(2, "separators", null) instanceof List<?> pair && pair.size() == 2) {
      comma = Values.text(pair.get(0));
      colon = Values.text(pair.get(1));
    } else {
      comma = indent < 0 ? ", " : ",";
      colon = ": ";
    }
  }

  /**
   * Writes a value; arguments are those of Hugging Face's filter.
   *
   * @throws JinjaException if the value is none of JSON, nests too deep or gets too long
   */
  static String write(Object value, Arguments arguments, Rendering rendering) {
    PythonJson json = new PythonJson(arguments);
    json.value(value, 0);
    return rendering.made(json.out.toString());
  }

  private void value(Object value, int depth) {
    if (depth > DEPTH_MAX || out.length() > Rendering.TEXT_CHARS_MAX) {
      throw new JinjaException("tojson of too much");
    }
    if (value instanceof Double number) {
      out.append(Values.number(number));
    } else if (value == null || value instanceof Boolean || value instanceof Number) {
      out.append(value);
    } else if (value instanceof Map<?, ?> map) {
      Map<?, ?> entries = sorted ? new TreeMap<>(map) : map;
      block('{', '}', entries.entrySet().iterator(), depth, entry -> entry(entry, depth + 1));
    } else if (value instanceof Collection<?> list) {
      block('[', ']', list.iterator(), depth, element -> value(element, depth + 1));
    } else if (Markup.plain(value) instanceof String text) {
      string(text);
    } else {
      throw new JinjaException("tojson of what JSON has not");
    }
  }

  private void entry(Map.Entry<?, ?> entry, int depth) {
    if (entry.getKey() instanceof String key) {
      string(key);
    } else {
      out.append('"');
      value(entry.getKey(), depth);
      out.append('"');
    }
    out.append(colon);
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
        out.append(comma);
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
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < ' ' || (ascii && c > '~')) {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
