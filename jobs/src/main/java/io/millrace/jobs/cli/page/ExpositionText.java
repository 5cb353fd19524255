package io.millrace.jobs.cli.page;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Reads Prometheus' text format 0.0.4. */
final class ExpositionText {
  /** Takes one series. */
  interface Reader {
    void take(String name, Map<String, String> labels, double value);
  }

  private final String line;
  private int at;

  private ExpositionText(String line) {
    this.line = line;
  }

  /**
   * Reads the series whose names are wanted.
   *
   * @throws IllegalArgumentException at a line that is not in the format
   */
  static void read(String text, Predicate<String> wanted, Reader reader) {
    text.lines()
        .filter(line -> !line.isEmpty() && line.charAt(0) != '#')
        .forEach(line -> new ExpositionText(line).series(wanted, reader));
  }

  private void series(Predicate<String> wanted, Reader reader) {
    String name = until("{ ");
    if (!wanted.test(name)) {
      return;
    }
    Map<String, String> labels = line.charAt(at) == '{' ? labels() : Map.of();
    expect(' ');
    String[] rest = line.substring(at).trim().split(" ", 2); // a time may follow
    reader.take(name, labels, number(rest[0]));
  }

  private Map<String, String> labels() {
    Map<String, String> labels = new TreeMap<>();
    expect('{');
    while (peek() != '}') {
      String label = until("=");
      expect('=');
      labels.put(label, quoted());
      if (peek() == ',') {
        at++;
      }
    }
    expect('}');
    return labels;
  }

  private String quoted() {
    expect('"');
    StringBuilder value = new StringBuilder();
    while (peek() != '"') {
      char c = line.charAt(at++);
      if (c != '\\') {
        value.append(c);
      } else {
        char escaped = peek();
        at++;
        value.append(escaped == 'n' ? '\n' : escaped);
      }
    }
    expect('"');
    return value.toString();
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  private String until(String ends) {
    int begin = at;
    while (ends.indexOf(peek()) < 0) {
      at++;
    }
    return line.substring(begin, at);
  }

  private char peek() {
    if (at >= line.length()) {
      throw new IllegalArgumentException("a series ends at column " + at);
    }
    return line.charAt(at);
  }

  private void expect(char c) {
    if (peek() != c) {
      throw new IllegalArgumentException("no '" + c + "' at column " + at);
    }
    at++;
  }
}
