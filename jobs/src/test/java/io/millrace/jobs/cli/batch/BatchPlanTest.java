package io.millrace.jobs.cli.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchPlanTest {

  @TempDir Path directory;

  @Test
  void numbersWhatIsProducedAndRefusesWhatOnlyTheFileCanTell() throws IOException {
    List<PlannedLine> plan =
        plan(
            "{\"custom_id\": \"a\"}",
            "",
            "{\"custom_id\": \"b\", \"body\": {\"custom_id\": \"a\"}}",
            "{\"custom_id\": \"a\", \"body\": {}}",
            "{\"custom_id\": \"c",
            "{\"custom_id\": \"" + "x".repeat(100) + "\"}",
            "{\"custom_id\": \"c\"}",
            "{\"custom_id\": 5}",
            "[]");
    assertThat(plan)
        .extracting(
            p -> p.line().number(),
            PlannedLine::sequence,
            PlannedLine::customId,
            p -> p.refused() ? p.refusal().code() : null)
        .containsExactly(
            tuple(1L, 0L, "a", null),
            tuple(3L, 1L, "b", null), // an id within the body is not the line's
            tuple(4L, -1L, "a", "duplicate_custom_id"),
            tuple(5L, 2L, null, null), // broken JSON is the job's to refuse, and has no id
            tuple(6L, -1L, null, "too_large"),
            tuple(7L, 3L, "c", null),
            tuple(8L, 4L, null, null),
            tuple(9L, 5L, null, null));
    assertThat(plan.get(2).refusal().message()).endsWith("in line 1");
  }

  @Test
  void remembersManyIds() {
    CustomIds ids = new CustomIds();
    for (int i = 1; i <= 50_000; i++) {
      assertThat(ids.use("id-" + i, i)).isZero();
    }
    for (int i = 1; i <= 50_000; i += 997) {
      assertThat(ids.use("id-" + i, 99_999)).isEqualTo(i);
    }
    assertThat(ids.use("another", 5)).isZero();
  }

  private List<PlannedLine> plan(String... lines) throws IOException {
    Path file = Files.write(directory.resolve("in.jsonl"), List.of(lines));
    List<PlannedLine> plan = new ArrayList<>();
    try (BatchPlan planned = new BatchPlan(file, 80)) {
      for (PlannedLine line = planned.next(); line != null; line = planned.next()) {
        plan.add(line);
      }
    }
    return plan;
  }
}
