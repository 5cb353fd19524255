package io.millrace.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.Engine;
import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.RequestRejectedException;
import io.millrace.engine.SamplingParams;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.jobs.testing.ForwardingEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrashIsolationTest {
  private static final int CRASHES_MAX = 2;
  private static final int REQUESTS_MAX = 10;
  private static final int PLENTY = 1_000_000;

  @TempDir Path directory;
  private Path file;
  private long nowMs;

  @BeforeEach
  void place() {
    file = directory.resolve("notes/of-a-subtask");
  }

  /** What a task does with all that is in flight, until all is answered or the process ends. */
  private final class Run {
    final List<String> finished = new ArrayList<>();
    final List<String> refused = new ArrayList<>();
    int together;
    boolean crashed;

    Run(long checkpoint, String... requests) throws IOException {
      Engine fake =
          new ForwardingEngine(new FakeEngine(PLENTY)) {
            @Override
            public List<GenerationUpdate> step() {
              together = Math.max(together, stats().running());
              return super.step();
            }
          };
      Engine engine = isolation(fake, checkpoint);
      for (String request : requests) {
        try {
          engine.submit(request(request));
        } catch (RequestRejectedException e) {
          assertThat(e.retryable()).isFalse();
          assertThat(e).hasMessage("the process crashed 2 times while only this ran");
          refused.add(request);
        }
      }
      try {
        while (engine.hasWork()) {
          engine.step().stream()
              .filter(GenerationUpdate::finished)
              .forEach(update -> finished.add(update.requestId()));
        }
      } catch (IllegalStateException e) {
        crashed = true;
      }
      engine.close();
    }
  }

  @Test
  void findsTheRequestThatCrashesAndAnswersTheOthers() throws Exception {
    String[] inFlight = {"a", "b", "EXPLODE", "c"};
    Run first = new Run(5, inFlight);
    assertThat(first.crashed).isTrue();
    Run second = new Run(5, inFlight);
    assertThat(second.crashed).isTrue();
    assertThat(second.together).as("one crash is no reason").isEqualTo(4);

    Run third = new Run(5, inFlight);
    assertThat(third.crashed).isTrue();
    assertThat(third.together).isOne();
    assertThat(third.finished).containsExactly("a", "b");
    // A checkpoint has completed while c waited; what was alone is known all the same.
    Run fourth = new Run(6, "EXPLODE", "c");
    assertThat(fourth.crashed).isTrue();
    assertThat(fourth.together).isOne();

    Run fifth = new Run(6, "EXPLODE", "c", "d");
    assertThat(fifth.crashed).isFalse();
    assertThat(fifth.refused).containsExactly("EXPLODE");
    assertThat(new TreeSet<>(fifth.finished)).containsExactly("c", "d");
    assertThat(fifth.together).as("the culprit is found").isEqualTo(2);
    assertThat(file).doesNotExist();
  }

  @Test
  void forgetsCrashesThatACheckpointCameBetween() throws Exception {
    for (long checkpoint = 1; checkpoint < 6; checkpoint++) {
      Run run = new Run(checkpoint, "a", "EXPLODE");
      assertThat(run.crashed).isTrue();
      assertThat(run.together).isEqualTo(2);
    }
  }

  @Test
  void forgetsEverythingAfterAnOrderlyEnd() throws Exception {
    new Run(1, "a", "EXPLODE");
    assertThat(file).exists();
    new Run(1, "a");
    assertThat(file).doesNotExist();
    new Run(1, "a", "EXPLODE");
    assertThat(new Run(1, "a", "b", "EXPLODE").together).isEqualTo(3);
  }

  @Test
  void notesWhoRunsAloneBeforeItRuns() throws Exception {
    new Run(1, "EXPLODE");
    new Run(1, "EXPLODE");
    Engine engine = isolation(new FakeEngine(PLENTY), 1);
    engine.submit(request("first"));
    engine.submit(request("second"));
    engine.step();
    // As kill -9 would find it.
    assertThat(Files.readString(file)).contains("alone first\n");
    assertThat(engine.stats().waiting()).isOne();
    engine.close();
  }

  @Test
  void runsThemTogetherAgainWhenEnoughHaveRunAlone() throws Exception {
    new Run(1, "EXPLODE");
    new Run(1, "EXPLODE");
    String[] requests = new String[REQUESTS_MAX + 5];
    for (int i = 0; i < requests.length; i++) {
      requests[i] = "request " + i;
    }
    Run run = new Run(1, requests);
    assertThat(run.finished).hasSize(requests.length).startsWith("request 0", "request 1");
    assertThat(run.together).isEqualTo(5);
  }

  @Test
  void endsThoseThatWait() throws Exception {
    new Run(1, "EXPLODE");
    new Run(1, "EXPLODE");
    Engine engine = isolation(new FakeEngine(PLENTY), 1);
    engine.submit(request("first of them"));
    engine.submit(
        new GenerationRequest(
            "late",
            FakeEngine.tokens("late"),
            SamplingParams.greedy(9),
            0,
            List.of(),
            "s",
            "t",
            7));
    engine.submit(request("unwanted"));
    engine.step();
    nowMs = 7;
    assertThat(engine.cancel("unwanted")).isTrue();
    assertThat(engine.cancel("unknown")).isFalse();
    assertThat(engine.step())
        .filteredOn(GenerationUpdate::finished)
        .extracting(GenerationUpdate::requestId, GenerationUpdate::finishReason)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple("late", FinishReason.EXPIRED),
            org.assertj.core.groups.Tuple.tuple("unwanted", FinishReason.CANCELLED));
    engine.close();
  }

  @Test
  void goesOnWithoutNotesWhereThereIsNoPlaceForThem() throws Exception {
    Files.writeString(directory.resolve("notes"), "a file where a folder should be");
    for (int i = 0; i < 4; i++) {
      assertThat(new Run(1, "a", "EXPLODE").together).isEqualTo(2);
    }
    file = directory.resolve("garbage");
    Files.writeString(file, "checkpoint x\n\u0000");
    assertThat(new Run(1, "a", "b").finished).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void neverIsolatesWhereItIsNotWanted() {
    for (int i = 0; i < 4; i++) {
      Engine engine =
          new CrashIsolation(new FakeEngine(PLENTY), notes(), 1, 0, REQUESTS_MAX, () -> nowMs);
      assertThatThrownBy(
              () -> {
                engine.submit(request("EXPLODE"));
                engine.submit(request("a"));
                engine.step();
              })
          .hasMessage("the model broke");
      engine.close();
    }
    assertThat(file).doesNotExist();
  }

  private Engine isolation(Engine engine, long checkpoint) {
    return new CrashIsolation(engine, notes(), checkpoint, CRASHES_MAX, REQUESTS_MAX, () -> nowMs);
  }

  private CrashNotes notes() {
    return new CrashNotes(new org.apache.flink.core.fs.Path(file.toUri()));
  }

  private static GenerationRequest request(String text) {
    return new GenerationRequest(text, FakeEngine.tokens(text), SamplingParams.greedy(1000));
  }
}
