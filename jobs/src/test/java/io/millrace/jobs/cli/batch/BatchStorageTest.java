package io.millrace.jobs.cli.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.cli.CommandFailure;
import io.millrace.jobs.cli.FakeModels;
import io.millrace.jobs.cli.lines.LineError;
import io.millrace.jobs.cli.progress.ProgressPrinter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a batch keeps on disk: results as they come, its manifest, files that appear whole. */
class BatchStorageTest {

  @TempDir Path directory;

  @Test
  void spoolGivesBackInAnyOrderWhatCameFirstForALine() throws IOException {
    try (AnswerSpool spool = new AnswerSpool(directory.resolve("spool"))) {
      for (int i = 4_999; i >= 0; i--) {
        assertThat(spool.put(i, utf8("entry " + i))).isTrue();
      }
      assertThat(spool.put(7, utf8("again"))).isFalse();
      assertThat(spool.count()).isEqualTo(5_000);
      assertThat(spool.get(7)).isEqualTo(utf8("entry 7"));
      assertThat(spool.get(4_999)).isEqualTo(utf8("entry 4999"));
      assertThat(spool.get(5_000)).isNull();
      assertThat(spool.put(5_001, new byte[0])).isTrue();
      assertThat(spool.get(5_001)).isEmpty();
    }
  }

  @Test
  void resultsComeBackFromTheirBytes() throws IOException {
    LineResult answer = LineResult.decode(new LineResult(utf8("{\"a\":1}"), null).encode());
    assertThat(answer.body()).isEqualTo(utf8("{\"a\":1}"));
    assertThat(answer.error()).isNull();
    LineError error = new LineError("code", "a \"message\"");
    assertThat(LineResult.decode(LineResult.of(error).encode()).error()).isEqualTo(error);
  }

  @Test
  void manifestKnowsItsInput() throws IOException {
    Path input = Files.writeString(directory.resolve("in"), "abc");
    Manifest manifest = Manifest.of(input, "options = x\n{y}", "{default=ab}");
    assertThat(manifest.inputSha256()) // of "abc", from FIPS 180
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertThat(Manifest.read(directory)).isEmpty();
    manifest.write(directory);
    assertThat(Manifest.read(directory)).contains(manifest);
    manifest.completed().write(directory);
    assertThat(Manifest.read(directory)).contains(manifest.completed());
    Files.writeString(input, "abd");
    assertThat(Manifest.of(input, "", "").sameInput(manifest)).isFalse();
    assertThat(Manifest.of(input, "", "{default=cd}").sameModels(manifest)).isFalse();
    assertThat(Manifest.of(input, "", "{default=ab}").sameModels(manifest)).isTrue();
    assertThat(Manifest.of(input, "", "").sameModels(manifest)).as("of before").isTrue();

    Files.writeString(directory.resolve("batch.properties"), "input.bytes=many");
    assertThatThrownBy(() -> Manifest.read(directory)).isInstanceOf(IOException.class);
  }

  @Test
  void goesOnOnlyWithTheSameWeights() throws IOException {
    Path input = Files.writeString(directory.resolve("in.jsonl"), "{}");
    BatchFiles files = BatchFiles.of(input, directory.resolve("out.jsonl"), null, null);
    Files.createDirectories(files.folder());
    Manifest.of(input, "{}", "{default=of another file}").write(files.folder());
    Batch batch = new Batch(files, new Configuration(), new FakeModels(null));
    ProgressPrinter progress = ProgressPrinter.forConsole(new PrintWriter(new StringWriter()));
    assertThatThrownBy(() -> batch.run(false, progress, run -> {}))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("begun with other weights");
  }

  @Test
  void filesAppearWhole() throws IOException {
    Path file = Files.writeString(directory.resolve("out"), "old");
    try (OutputStream out = DurableFile.create(file)) {
      out.write(utf8("new"));
      assertThat(file).hasContent("old");
    }
    assertThat(file).hasContent("old");
    DurableFile.publish(file);
    assertThat(file).hasContent("new");
    DurableFile.publish(file); // a second time does no harm
    assertThat(file).hasContent("new");
    assertThat(directory).isDirectoryNotContaining("glob:**tmp");
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
