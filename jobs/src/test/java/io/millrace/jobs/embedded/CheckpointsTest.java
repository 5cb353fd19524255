package io.millrace.jobs.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointsTest {

  private static final String JOB_A = "a".repeat(32);
  private static final String JOB_B = "b".repeat(32);

  @TempDir Path directory;

  @Test
  void findsTheNewestOverJobIds() throws IOException {
    complete(JOB_A, "chk-9", 1_000);
    complete(JOB_A, "chk-10", 2_000);
    complete(JOB_B, "chk-1", 3_000);
    assertThat(Checkpoints.newestIn(directory)).contains(directory.resolve(JOB_B + "/chk-1"));
  }

  @Test
  void numbersDecideWithinTheClocksResolution() throws IOException {
    complete(JOB_A, "chk-9", 1_000);
    complete(JOB_A, "chk-10", 1_000);
    assertThat(Checkpoints.newestIn(directory)).contains(directory.resolve(JOB_A + "/chk-10"));
  }

  @Test
  void skipsWhatIsIncompleteOrSomethingElse() throws IOException {
    complete(JOB_A, "chk-1", 1_000);
    Files.createDirectories(directory.resolve(JOB_A + "/chk-2")); // no metadata
    Path empty = Files.createDirectories(directory.resolve(JOB_A + "/chk-3"));
    Files.createFile(empty.resolve("_metadata"));
    Files.createDirectories(directory.resolve(JOB_A + "/shared"));
    Files.createFile(directory.resolve(JOB_B)); // a file where a folder might be
    complete("not-a-job", "chk-4", 4_000);
    assertThat(Checkpoints.newestIn(directory)).contains(directory.resolve(JOB_A + "/chk-1"));
  }

  @Test
  void findsNothingWhereNothingIs() throws IOException {
    assertThat(Checkpoints.newestIn(directory)).isEmpty();
    assertThat(Checkpoints.newestIn(directory.resolve("missing"))).isEmpty();
    Files.createDirectories(directory.resolve(JOB_A + "/chk-1"));
    assertThat(Checkpoints.newestIn(directory)).isEmpty();
  }

  private void complete(String job, String name, long epochMillis) throws IOException {
    Path checkpoint = Files.createDirectories(directory.resolve(job).resolve(name));
    Path metadata = Files.writeString(checkpoint.resolve("_metadata"), "state");
    Files.setLastModifiedTime(metadata, FileTime.fromMillis(epochMillis));
  }
}
