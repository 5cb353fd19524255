package io.millrace.jobs.cli.bench;

import io.millrace.jobs.anomaly.Detector;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One series of a CSV file with the columns timestamp and value. */
record SeriesFile(List<String> timestamps, List<Double> values) {
  private static final int ROWS_MAX = 10_000_000;

  /**
   * @throws IOException naming file and line, when a column is missing or a value is not a number
   */
  static SeriesFile read(Path file) throws IOException {
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      String header = lines.readLine();
      List<String> columns =
          header == null ? List.of() : List.of(header.replace("\uFEFF", "").trim().split(","));
      int time = columns.indexOf("timestamp");
      int value = columns.indexOf("value");
      if (time < 0 || value < 0) {
        throw new IOException(file + ": needs the columns timestamp and value");
      }
      SeriesFile series = new SeriesFile(new ArrayList<>(), new ArrayList<>());
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (series.size() == ROWS_MAX) {
          throw new IOException(file + ": more than " + ROWS_MAX + " rows");
        }
        if (!line.isBlank()) {
          series.add(file, line.split(",", -1), time, value);
        }
      }
      return series;
    }
  }

  private void add(Path file, String[] cells, int time, int value) throws IOException {
    try {
      double number = Double.parseDouble(cells[value].trim());
      if (Double.isFinite(number)) {
        timestamps.add(cells[time]);
        values.add(number);
        return;
      }
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new IOException(file + ", row " + (size() + 1) + ": no number in column value", e);
    }
    throw new IOException(file + ", row " + (size() + 1) + ": the value must be finite");
  }

  int size() {
    return values.size();
  }

  /** Feeds the series to a fresh detector. */
  void writeScores(Path file, Detector detector) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write("timestamp,anomaly_score\n");
      for (int i = 0; i < size(); i++) {
        out.write(timestamps.get(i) + "," + (float) detector.score(values.get(i)) + "\n");
      }
    }
  }
}
