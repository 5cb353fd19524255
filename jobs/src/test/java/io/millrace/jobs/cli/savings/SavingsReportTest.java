package io.millrace.jobs.cli.savings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SavingsReportTest {

  /** Seven stages of 100 requests and 10,000 tokens, each of so many cents and device seconds. */
  private static SavingsReport report(int... cents) {
    Path weights = Path.of("weights.gguf");
    List<Stage> stages = Stage.all(weights, weights, weights, weights, 32);
    List<StageFigures> figures = new ArrayList<>();
    for (int i = 0; i < stages.size(); i++) {
      long bytes = i == 6 ? 20 : i == 5 ? 30 : 100;
      double right = i == 6 ? 0.93 : 0.98;
      figures.add(
          new StageFigures(
              stages.get(i),
              100,
              10_000,
              new BigDecimal(cents[i]).movePointLeft(2),
              cents[i],
              1,
              bytes,
              right));
    }
    return new SavingsReport(figures, 0.5);
  }

  @Test
  void comparesEachStageWithTheFirst() {
    SavingsReport report = report(100, 60, 50, 25, 20, 10, 8);
    List<String> lines = report.lines();
    assertThat(lines.get(1)).startsWith("F16, one at a time").contains(" 100 ", " 0.0% ");
    assertThat(lines.get(2)).startsWith("+ continuous batching").contains(" 60 ", " 40.0% ");
    assertThat(lines.get(7)).startsWith("+ 2-bit weights").contains(" 92.0% ", " 93.0% ");
    assertThat(lines).anyMatch(line -> line.startsWith("a day of 10,000 requests: $100.00000"));
  }

  @Test
  void measuresTheClaimsAgainstTheStageTheyAreAbout() {
    assertThat(report(100, 60, 50, 25, 20, 10, 8).lines())
        .anyMatch(line -> line.contains("batching and speculation") && line.endsWith("50 % saved"))
        .anyMatch(line -> line.contains("50 % saved by dedup in all, with 50 % repeats"))
        .anyMatch(line -> line.endsWith("memory -70 %, 2.00x, cost -50 %, loss 0.0 points"))
        .anyMatch(line -> line.endsWith("memory -80 %, 2.50x, cost -60 %, loss 5.0 points"));
  }

  @Test
  void saysSoWhereAStageCostsMore() {
    SavingsReport report = report(100, 110, 50, 25, 20, 10, 8);
    assertThat(report.lines().get(2)).contains(" -10.0% ");
    JsonNode json = new ObjectMapper().valueToTree(report.json());
    assertThat(json.at("/stages/1/saved").asDouble()).isCloseTo(-0.1, within(1e-9));
    assertThat(json.at("/stages/1/usd_per_1m_tokens").asText()).isEqualTo("110");
    assertThat(json.at("/repeats").asDouble()).isEqualTo(0.5);
  }
}
