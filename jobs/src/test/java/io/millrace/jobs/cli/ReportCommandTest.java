package io.millrace.jobs.cli;

import static io.millrace.jobs.report.TestLedger.answer;
import static io.millrace.jobs.report.TestLedger.hit;
import static io.millrace.jobs.report.TestLedger.idle;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.ledger.LedgerFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {
  private static final int DAY = 86_400;

  @TempDir Path folder;
  private Path ledger;

  @BeforeEach
  void write() throws Exception {
    ledger = folder.resolve("ledger");
    LedgerFixture.write(
        ledger,
        List.of(
            answer("acme", 1, "0.300000000000000000000001").build(),
            hit("acme", 2, "0.25").build(),
            idle(3, "0.01").build(),
            answer("blue", DAY, "2").setModel("gpt-9").build(),
            answer("blue", 2 * DAY, null).build()));
  }

  @Test
  void printsATable() {
    CommandRun run = report();
    assertThat(run.exitCode()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .contains("cost                       $2.31 + 1 unpriced")
        .anyMatch(line -> line.startsWith("acme   "))
        .endsWith("from ledger " + ledger);
  }

  @Test
  void writesAllFormatsOfTheSameFigures() throws Exception {
    Path json = folder.resolve("r.json");
    Path csv = folder.resolve("r.csv");
    Path html = folder.resolve("r.html");
    CommandRun run =
        report("--json", json.toString(), "--csv", csv.toString(), "--html", html.toString());
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).isNotEmpty();
    JsonNode figures = new ObjectMapper().readTree(json.toFile());
    assertThat(figures.at("/total/total_usd").textValue()).isEqualTo("2.310000000000000000000001");
    assertThat(Files.readString(csv)).contains("\ntotal,,2.310000000000000000000001,");
    assertThat(Files.readString(html)).contains("exactly 2.310000000000000000000001 USD");
  }

  @Test
  void standardOutputIsForOneFormat() throws Exception {
    CommandRun json = report("--json", "-");
    assertThat(new ObjectMapper().readTree(String.join("\n", json.out())).at("/rows").intValue())
        .isEqualTo(5);
    assertThat(report("--csv", "-").out()).hasSize(1 + 1 + 2 + 2 + 3);
    assertThat(report("--csv", "-", "--json", "-"))
        .isEqualTo(wrong("only one of --json and --csv can go to standard output"));
  }

  @Test
  void choosesRows() {
    assertThat(total("--from", "2026-03-02")).isEqualTo("2");
    assertThat(total("--to", "2026-03-01")).isEqualTo("0.310000000000000000000001");
    assertThat(total("--tenant", "acme")).isEqualTo("0.300000000000000000000001");
    assertThat(total("--model", "gpt-9", "--by", "hour")).isEqualTo("2");
    assertThat(report("--tenant", "nobody").out())
        .containsExactly("No costs in ledger " + ledger + ", of tenant nobody.");
    assertThat(report("--from", "2027-01-01").exitCode()).isZero();
  }

  @Test
  void wrongUseIs2AndALedgerThatCannotBeReadIs1() throws Exception {
    assertThat(report("--top", "0")).isEqualTo(wrong("--top is 0, must be 1 to 1000"));
    assertThat(report("--from", "2026-03-02", "--to", "2026-03-01"))
        .isEqualTo(wrong("--from 2026-03-02 is after --to 2026-03-01"));
    assertThat(report("--from", "soon").exitCode()).isEqualTo(2);
    assertThat(report("--by", "week").exitCode()).isEqualTo(2);

    CommandRun absent = run("report", "--ledger", folder.resolve("nothing").toString());
    assertThat(absent.exitCode()).isEqualTo(1);
    assertThat(absent.err()).hasSize(1);
    try (Stream<Path> files = Files.walk(ledger)) {
      Path part = files.filter(file -> file.toString().endsWith(".arrow")).findFirst().get();
      Files.write(part, new byte[] {1, 2, 3});
      CommandRun broken = report();
      assertThat(broken.exitCode()).isEqualTo(1);
      assertThat(broken.err()).hasSize(1);
      assertThat(broken.err().get(0)).contains(part.toString());
    }
    assertThat(report("--json", folder.resolve("no/such/folder.json").toString()).exitCode())
        .isEqualTo(1);
  }

  private String total(String... options) {
    CommandRun run =
        report(
            Stream.concat(Arrays.stream(options), Stream.of("--json", "-")).toArray(String[]::new));
    try {
      return new ObjectMapper()
          .readTree(String.join("\n", run.out()))
          .at("/total/total_usd")
          .textValue();
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new AssertionError(run.toString(), e);
    }
  }

  private CommandRun report(String... options) {
    return run(
        Stream.concat(Stream.of("report", "--ledger", ledger.toString()), Arrays.stream(options))
            .toArray(String[]::new));
  }

  private static CommandRun run(String... args) {
    return CommandRun.of(new FakeModels(null), (Object[]) args);
  }

  private static CommandRun wrong(String message) {
    return new CommandRun(2, List.of(), List.of("millrace: " + message));
  }
}
