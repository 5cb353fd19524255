package io.millrace.jobs.cli.bench;

import io.millrace.jobs.anomaly.NoveltyDetector;
import io.millrace.jobs.cli.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench anomaly}: the detector's scores on series from elsewhere. */
@Command(
    name = "anomaly",
    description = {
      "Run the detector of the anomaly job over a folder of series, such as the Numenta Anomaly"
          + " Benchmark's data.",
      "Each CSV file (columns timestamp and value) gets one of the same relative path, with the"
          + " columns timestamp and anomaly_score, 0 to 1. The same detector and constants for all."
    })
public final class AnomalyCommand implements Callable<Integer> {
  private static final int FILES_MAX = 10_000;
  private static final int DEPTH_MAX = 8;

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "Folder with CSV files, at any depth.")
  private Path data;

  @Option(
      names = "--scores",
      required = true,
      paramLabel = "DIR",
      description = "Where the scores are written.")
  private Path scores;

  @Override
  public Integer call() {
    if (!Files.isDirectory(data)) {
      throw CommandFailure.failed("no such folder: " + data);
    }
    try {
      List<Path> files = files();
      if (files.isEmpty()) {
        throw CommandFailure.failed("no CSV files in " + data);
      }
      long rows = 0;
      for (Path file : files) {
        SeriesFile series = SeriesFile.read(file);
        series.writeScores(scores.resolve(data.relativize(file)), new NoveltyDetector());
        rows += series.size();
      }
      spec.commandLine().getOut().printf("%d files, %d rows%n", files.size(), rows);
      spec.commandLine().getOut().flush();
    } catch (IOException e) {
      throw CommandFailure.failed(e.getMessage(), e);
    }
    return 0;
  }

  private List<Path> files() throws IOException {
    Path written = scores.toAbsolutePath().normalize();
    try (Stream<Path> all = Files.walk(data, DEPTH_MAX)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> file.toString().endsWith(".csv"))
          .filter(file -> !file.toAbsolutePath().normalize().startsWith(written))
          .sorted()
          .limit(FILES_MAX)
          .toList();
    }
  }
}
