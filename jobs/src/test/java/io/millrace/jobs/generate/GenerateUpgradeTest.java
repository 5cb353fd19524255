package io.millrace.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.testing.FakeEngine;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.Response;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.forst.ForStStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.util.OperatorSnapshotUtil;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Goes on from the state of earlier versions. State is Avro, each with the schema that it was
 * written with, so that fields may be added with defaults; what changes otherwise breaks here.
 *
 * <p>{@code state/generate-1.bin} is a canonical savepoint of one generate task as the first
 * version wrote it, when prompts had neither choices, response formats, attempts nor metadata: with
 * {@code FakeEngine}, prompt 0, "done", answered and cached; 1, "half way through", and 2, "not
 * much of it", with five tokens each, recorded in two parts; 3, equal to 1, follows it; 4, "not
 * begun", was just taken.
 */
class GenerateUpgradeTest {
  private static final int PLENTY = 1_000_000;

  static Stream<StateBackend> backends() {
    return Stream.of(
        new HashMapStateBackend(), new EmbeddedRocksDBStateBackend(true), new ForStStateBackend());
  }

  @ParameterizedTest
  @MethodSource("backends")
  void goesOnFromTheFirstVersionsState(StateBackend backend) throws Exception {
    OperatorSubtaskState written = OperatorSnapshotUtil.readStateHandle(file("generate-1.bin"));
    OperatorSubtaskState rewritten;
    FakeEngine engine = new FakeEngine(0);
    try (GenerateHarness harness = new GenerateHarness(engine, 100).on(backend).restore(written)) {
      assertThat(harness.inFlight())
          .containsExactlyInAnyOrder("half way through", "not much of it", "not begun");
      engine.allow(1);
      harness.runUntilEngineWaits();
      assertThat(harness.tokens().stream().filter(t -> t.getIndex() < 5))
          .as("tokens that were emitted before")
          .extracting(t -> t.getRequestId())
          .containsExactly("prompts-0-4");
      rewritten = harness.flink.snapshot(1, GenerateHarness.START_MS);
    }
    // What this version adds to it stands beside what the first wrote.
    try (GenerateHarness harness =
        new GenerateHarness(new FakeEngine(PLENTY), 100).on(backend).restore(rewritten)) {
      harness.runUntil(() -> harness.inFlight().isEmpty());
      harness.send(GenerateHarness.prompt(5, "done"));

      assertThat(harness.responses())
          .extracting(Response::getRequestId)
          .containsExactlyInAnyOrder(
              "prompts-0-1", "prompts-0-2", "prompts-0-3", "prompts-0-4", "prompts-0-5");
      assertThat(text(harness.responses(), "prompts-0-1")).isEqualTo("HALF WAY THROUGH");
      assertThat(text(harness.responses(), "prompts-0-2")).isEqualTo("NOT MUCH OF IT");
      assertThat(text(harness.responses(), "prompts-0-3")).isEqualTo("HALF WAY THROUGH");
      assertThat(text(harness.responses(), "prompts-0-4")).isEqualTo("NOT BEGUN");
      assertThat(text(harness.responses(), "prompts-0-5")).isEqualTo("DONE");
      assertThat(of(harness.responses(), "prompts-0-5").getCached()).isEqualTo(CacheOutcome.hit);
      assertThat(harness.streamed("prompts-0-1")).isEqualTo("AY THROUGH");
    }
  }

  private static String text(List<Response> responses, String id) {
    return of(responses, id).getChoices().get(0).getMessage().getContent();
  }

  private static Response of(List<Response> responses, String id) {
    return responses.stream().filter(r -> r.getRequestId().equals(id)).findFirst().orElseThrow();
  }

  private static String file(String name) throws Exception {
    return Path.of(GenerateUpgradeTest.class.getResource("/state/" + name).toURI()).toString();
  }
}
