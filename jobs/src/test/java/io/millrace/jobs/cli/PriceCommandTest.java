package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.cost.LitellmExcerpt;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PriceCommandTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "gpt-4o --input 1000 --cached 400 --output 200, 0.004",
    "gpt-4o --input 1000 --cached 400 --output 200 --tier batch, 0.00225",
    "gpt-4o --input 1000 --cached 400 --output 200 --tier PRIORITY, 0.0068",
    "gpt-4o --tier default --input 1, 0.0000025",
    "gpt-4o, 0",
    "deepseek/deepseek-chat --input 10 --cache-write 10, 0",
    "claude-sonnet-4-5 --input 200000 --cache-write 100000 --cache-write-1h 50000, 0.825",
    "claude-sonnet-4-5 --input 200001 --cache-write 100000 --cache-write-1h 50000, 1.650006",
    "dashscope/qwen-plus-latest --input 256000 --output 10 --reasoning 4, 0.1024232",
  })
  void printsTheAmountAlone(String request, String usd) {
    assertThat(price(request.split(" "))).isEqualTo(new CommandRun(0, lines(usd), lines()));
  }

  @Test
  void saysUnpricedAndWhy() {
    assertThat(price("no-such-model", "--input", "5"))
        .isEqualTo(
            new CommandRun(
                3,
                lines("unpriced"),
                lines(
                    "millrace: no-such-model is unpriced: there is no model no-such-model in"
                        + " prices-excerpt.json")));
    assertThat(price("gpt-4.1", "--input", "5", "--tier", "flex"))
        .isEqualTo(
            new CommandRun(
                3,
                lines("unpriced"),
                lines(
                    "millrace: gpt-4.1 is unpriced: it has no price per token in the flex tier")));
  }

  @Test
  void explainsItsTerms() {
    CommandRun run = price("gpt-5", "--input", "1000", "--cached", "400", "--tier", "flex", "-v");
    assertThat(run.out()).containsExactly("0.0004");
    assertThat(run.err().get(0)).startsWith("gpt-5, flex tier, from prices-excerpt.json (2026-07");
    assertThat(run.err().subList(1, 3))
        .containsExactly(
            "input                     600 x 0.000000625 = 0.000375",
            "cached input              400 x 0.0000000625 = 0.000025");
  }

  @Test
  void knowsAFewModelsItselfAndWhenTheirPricesBegan() {
    assertThat(run("price", "--model", "claude-4-opus", "--input", "1000000").out())
        .containsExactly("15");
    CommandRun before =
        run("price", "--model", "claude-4-opus", "--input", "1", "--at", "2025-05-21");
    assertThat(before.exitCode()).isEqualTo(ExitCodes.UNPRICED);
    assertThat(before.err().get(0)).contains("no price of it is valid at 2025-05-21T00:00:00Z");
  }

  @Test
  void takesOverrides() throws Exception {
    Path mine = folder.resolve("mine.json");
    Files.writeString(mine, "{\"gpt-4o\": {\"input_cost_per_token\": 0.5}}");
    assertThat(price("gpt-4o", "--input", "3", "--overrides", mine.toString()).out())
        .containsExactly("1.5");
  }

  @Test
  void wrongUseIs2AndABadFileIs1() throws Exception {
    assertThat(price("gpt-4o", "--input", "1", "--cached", "2"))
        .isEqualTo(wrong("--cached is 2 tokens, must be 0 to 1, all of the input"));
    assertThat(price("gpt-4o", "--tier", "slow"))
        .isEqualTo(wrong("--tier is slow, must be standard, batch, flex or priority"));
    assertThat(price("gpt-4o", "--at", "soon"))
        .isEqualTo(wrong("--at is soon, must be a date such as 2026-01-31"));
    assertThat(price("gpt-4o", "--input", "many").exitCode()).isEqualTo(2);
    assertThat(run("price", "--input", "1").exitCode()).isEqualTo(2);
    Path none = folder.resolve("none.json");
    assertThat(run("price", "--model", "x", "--catalogue", none))
        .isEqualTo(wrong("--catalogue " + none + " is no file that can be read"));
    Path bad = Files.writeString(folder.resolve("bad.json"), "[]");
    CommandRun refused = run("price", "--model", "x", "--catalogue", bad);
    assertThat(refused.exitCode()).isEqualTo(ExitCodes.FAILURE);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err()).hasSize(1);
  }

  private static CommandRun price(String model, String... more) {
    Object[] args = {"price", "--catalogue", LitellmExcerpt.FILE, "--model", model};
    return run(Stream.concat(Stream.of(args), Arrays.stream(more)).toArray());
  }

  private static CommandRun price(String[] request) {
    return price(request[0], Arrays.copyOfRange(request, 1, request.length));
  }

  private static CommandRun run(Object... args) {
    return CommandRun.of(new FakeModels(null), args);
  }

  private static java.util.List<String> lines(String... lines) {
    return java.util.List.of(lines);
  }

  private static CommandRun wrong(String message) {
    return new CommandRun(2, lines(), lines("millrace: " + message));
  }
}
