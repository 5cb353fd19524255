package io.millrace.engine.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Results as docs/BENCHMARKS.md has them: Millrace beside its limit and its peers. */
final class MarkdownTable {
  private static final String OWN = "millrace";

  private MarkdownTable() {}

  /** What was measured on one device on one day; the last of equal measurements counts. */
  private record Key(String model, String measure, int batch, String unit) {}

  /**
   * A section for each device and day.
   *
   * @param rows in order of time
   */
  static String of(List<BenchRow> rows) {
    Map<String, Map<Key, Map<String, BenchRow>>> sections = new LinkedHashMap<>();
    for (BenchRow row : rows) {
      sections
          .computeIfAbsent(row.device() + ", " + row.date(), key -> new LinkedHashMap<>())
          .computeIfAbsent(
              new Key(row.model(), row.measure(), row.batch(), row.unit()),
              key -> new LinkedHashMap<>())
          .put(row.by(), row);
    }
    StringBuilder text = new StringBuilder();
    sections.forEach((title, section) -> write(title, section, text));
    return text.toString();
  }

  private static void write(
      String title, Map<Key, Map<String, BenchRow>> section, StringBuilder text) {
    Set<String> peers = new TreeSet<>();
    section.values().forEach(by -> peers.addAll(by.keySet()));
    peers.remove(OWN);
    text.append("### ").append(title).append("\n\n");
    List<String> head =
        new ArrayList<>(
            List.of("model", "measure", "batch", "unit", OWN, "limit (calculated)", "share"));
    head.addAll(peers);
    head.add("note");
    line(head, text);
    line(head.stream().map(cell -> "---").toList(), text);
    section.forEach((key, by) -> line(cells(key, by, peers), text));
    text.append('\n');
  }

  private static List<String> cells(Key key, Map<String, BenchRow> by, Set<String> peers) {
    BenchRow own = by.get(OWN);
    List<String> cells = new ArrayList<>();
    cells.add(key.model());
    cells.add(key.measure());
    cells.add(String.valueOf(key.batch()));
    cells.add(key.unit());
    cells.add(own == null ? "" : number(own.value(), "%.1f"));
    cells.add(own == null ? "" : number(own.limit(), "%.1f"));
    cells.add(own == null ? "" : number(own.share(), "%.2f"));
    List<String> notes = new ArrayList<>();
    addNote(own, notes);
    for (String peer : peers) {
      BenchRow row = by.get(peer);
      cells.add(row == null ? "" : number(row.value(), "%.1f"));
      addNote(row, notes);
    }
    cells.add(String.join("; ", notes));
    return cells;
  }

  private static void addNote(BenchRow row, List<String> notes) {
    if (row != null && !row.note().isEmpty()) {
      notes.add(row.note().replace("|", "/"));
    }
  }

  private static String number(double value, String format) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
  }

  private static void line(List<String> cells, StringBuilder text) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }
}
