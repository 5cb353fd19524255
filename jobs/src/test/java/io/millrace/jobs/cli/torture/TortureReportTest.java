package io.millrace.jobs.cli.torture;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.cluster.Fault;
import java.math.BigDecimal;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TortureReportTest {

  @Test
  void allIsWell() {
    assertThat(report(0, "0E-8", 32, 30).broken()).isEmpty();
  }

  @Test
  void tellsEverythingThatIsBroken() {
    assertThat(report(1, "-0.5", 32, 30).broken())
        .containsExactly(
            "1 prompts are lost",
            "1 prompts are answered twice",
            "1 tokens are written twice",
            "1 tokens of answers have no event",
            "1 answers differ",
            "the ledger differs by -0.5 USD");
    assertThat(report(0, "0", 0, 0).broken())
        .containsExactly("no answer was in progress at any kill", "no answer was resumed");
  }

  @Test
  void jsonHasTheCounts() throws Exception {
    JsonNode json = new ObjectMapper().readTree(report(0, "0E-8", 32, 30).toJson());
    assertThat(json.fieldNames())
        .toIterable()
        .containsExactly(
            "kills",
            "prompts",
            "answers",
            "dead_letters",
            "lost",
            "duplicates",
            "tokens_twice",
            "text_differences",
            "ledger_difference_usd",
            "in_progress_at_kills",
            "resumed",
            "seconds");
    assertThat(json.get("kills").toString())
        .isEqualTo("{\"taskmanager\":2,\"jobmanager\":1,\"broker\":0}");
    assertThat(json.get("ledger_difference_usd").toString()).isEqualTo("0");
    assertThat(json.get("seconds").doubleValue()).isEqualTo(12.3);
  }

  private static TortureReport report(int each, String ledger, long inProgress, long resumed) {
    return new TortureReport(
        Map.of(Fault.TASK_MANAGER, 2, Fault.JOB_MANAGER, 1),
        100,
        100,
        0,
        each,
        each,
        each,
        each,
        each,
        new BigDecimal(ledger),
        inProgress,
        resumed,
        5 * resumed,
        12.34);
  }
}
