package io.millrace.engine.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A measurement that fails is told, and takes none of the others with it. */
class BenchLogTest {
  @TempDir Path folder;

  @Test
  void aFailureIsARowAndCounted() throws IOException {
    Path file = folder.resolve("results.jsonl");
    BenchResults results = new BenchResults(file, new PrintWriter(Writer.nullWriter()));
    BenchLog log = new BenchLog(results, "a device");
    BenchModel model = BenchModel.named("tinier-q4_0");
    log.attempt(
        model,
        "decode",
        256,
        "tokens/s",
        () -> {
          throw new IllegalStateException("no memory");
        });
    log.attempt(model, "decode", 1, "tokens/s", () -> log.add(model, "decode", 1, 5, "", 6, ""));
    assertThat(log.failed()).isOne();
    assertThat(BenchResults.read(file))
        .extracting(BenchRow::note)
        .containsExactly("failed: no memory", "");
  }
}
