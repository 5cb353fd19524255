package io.millrace.jobs.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PriceCatalogueTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final TokenUsage THOUSAND = TokenUsage.of(1_000, 1_000);

  @TempDir Path folder;

  @Test
  void pricesARequest() throws Exception {
    ModelPrice price = PriceCatalogue.read(LitellmExcerpt.FILE).find("gpt-4o").orElseThrow();
    Quote quote = price.quote(new TokenUsage(1_000, 400, 0, 0, 200, 0), PriceTier.STANDARD, NOW);

    // 600 x 0.0000025 + 400 x 0.00000125 + 200 x 0.00001
    assertThat(quote.inputUsd()).isEqualByComparingTo("0.002");
    assertThat(quote.outputUsd()).isEqualByComparingTo("0.002");
    assertThat(quote.usd()).isEqualByComparingTo("0.004");
    assertThat(price.source()).isEqualTo("prices-excerpt.json");
    assertThat(price.version()).matches("2026-07-24T18:23:43.215560\\+00:00 sha256:[0-9a-f]{12}");
  }

  @Test
  void takesEveryDigitFromTheText() throws Exception {
    ModelPrice price =
        PriceCatalogue.read(LitellmExcerpt.FILE)
            .find("databricks/databricks-gemini-2-5-flash")
            .orElseThrow();
    assertThat(price.quote(TokenUsage.of(7, 0), PriceTier.STANDARD, NOW).usd())
        .isEqualByComparingTo("0.00000210013999999999972");
  }

  @Test
  void zeroIsAPriceAndNoneIsNot() throws Exception {
    PriceCatalogue catalogue = PriceCatalogue.read(LitellmExcerpt.FILE);
    Quote free = quote(catalogue, "anthropic.claude-mythos-preview");
    assertThat(free.priced()).isTrue();
    assertThat(free.usd()).isZero();

    assertThat(quote(catalogue, "github_copilot/gpt-4o").unpriced())
        .isEqualTo("it has no price per token in the standard tier");
    assertThat(quote(catalogue, "medlm-large").priced()).isFalse();
    // Its input is billed by the second of video.
    assertThat(quote(catalogue, "twelvelabs.pegasus-1-2-v1:0").unpriced())
        .isEqualTo("its input tokens have no price in the standard tier");
    assertThatThrownBy(quote(catalogue, "medlm-large")::usd)
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "gpt-4o, gpt-4o",
    "openai/gpt-4o, gpt-4o",
    "GPT-4o, gpt-4o",
    "azure/gpt-4o, azure/gpt-4o",
    "azure_ai/gpt-4o, gpt-4o",
    "mistral/gpt-4o,",
    "ft:gpt-4o-mini-2024-07-18:acme:mail:Ab1, ft:gpt-4o-mini-2024-07-18",
    "openai/ft:gpt-4o-mini-2024-07-18:acme::Ab1, ft:gpt-4o-mini-2024-07-18",
    "gemini/gemini-2.5-flash-001, gemini/gemini-2.5-flash",
    "vertex_ai/gemini-3-pro-preview, gemini-3-pro-preview",
    "gemini-2.5-flash,",
    "llama-3.3-70b-versatile,",
    "sample_spec,",
    "last_updated,",
    "fallback_generalizations,",
    "gpt-4,",
    "/gpt-4o,",
    "'',",
  })
  void findsAModelByTheNamesThatLiteLlmKnows(String asked, String found) throws Exception {
    assertThat(PriceCatalogue.read(LitellmExcerpt.FILE).find(asked).map(ModelPrice::model))
        .isEqualTo(java.util.Optional.ofNullable(found));
  }

  @Test
  void pricesHaveTheirTime() throws Exception {
    PriceCatalogue catalogue =
        catalogue(
            """
            {"m": [
              {"input_cost_per_token": 2, "valid_until": "2026-01-01"},
              {"input_cost_per_token": 1, "valid_from": "2026-01-01",
               "valid_until": "2026-06-01T12:00:00+02:00"}]}
            """);
    assertThat(quote(catalogue, "2000-01-01T00:00:00Z").usd()).isEqualByComparingTo("2");
    assertThat(quote(catalogue, "2025-12-31T23:59:59.999Z").usd()).isEqualByComparingTo("2");
    assertThat(quote(catalogue, "2026-01-01T00:00:00Z").usd()).isEqualByComparingTo("1");
    assertThat(quote(catalogue, "2026-06-01T09:59:59Z").usd()).isEqualByComparingTo("1");
    assertThat(quote(catalogue, "2026-06-01T10:00:00Z").unpriced())
        .isEqualTo("no price of it is valid at 2026-06-01T10:00:00Z");
  }

  private static Quote quote(PriceCatalogue catalogue, String nameOrTime) {
    return nameOrTime.contains("T")
        ? catalogue
            .find("m")
            .orElseThrow()
            .quote(TokenUsage.of(1, 0), PriceTier.STANDARD, Instant.parse(nameOrTime))
        : catalogue.find(nameOrTime).orElseThrow().quote(THOUSAND, PriceTier.STANDARD, NOW);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'input_cost_per_token': -1}|input_cost_per_token is -1, must be 0 to 1000 USD with at"
            + " most 24 decimal places",
        "{'output_cost_per_token': 1e999999999}|output_cost_per_token is 1E+999999999, must be 0"
            + " to 1000 USD with at most 24 decimal places",
        "{'input_cost_per_token': 1e-25}|input_cost_per_token is 1E-25, must be 0 to 1000 USD with"
            + " at most 24 decimal places",
        "{'input_cost_per_token': '1'}|input_cost_per_token is no number",
        "{'input_cost_per_token': 1, 'valid_from': 'May'}|valid_from is no date such as 2026-01-31",
        "{'input_cost_per_token': 1, 'valid_from': '2026-01-02', 'valid_until': '2026-01-02'}"
            + "|valid_from is not before valid_until",
        "[{'input_cost_per_token': 1}, {'input_cost_per_token': 2, 'valid_from': '2026-01-02'}]"
            + "|two of its entries are valid at the same time",
        "{'tiered_pricing': [{'input_cost_per_token': 1}]}"
            + "|a range of tiered_pricing has no start",
      })
  void anEntryWithoutSenseIsUnpricedAndTheOthersAreNot(String entry, String problem)
      throws Exception {
    PriceCatalogue catalogue =
        catalogue(
            "{'good': {'input_cost_per_token': 1, 'output_cost_per_token': null}, 'bad': %s}"
                .formatted(entry)
                .replace('\'', '"'));
    assertThat(quote(catalogue, "bad").unpriced())
        .isEqualTo("c.json makes no sense of it: " + problem);
    assertThat(
            catalogue
                .find("good")
                .orElseThrow()
                .quote(TokenUsage.of(3, 0), PriceTier.STANDARD, NOW)
                .usd())
        .isEqualByComparingTo("3");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]|' is no price catalogue: a JSON object with an entry for each of at most 100000 models'",
        "{|, line 1: not JSON within its bounds",
        "{} x|, line 1: not JSON within its bounds",
        "''|' is no price catalogue: a JSON object with an entry for each of at most 100000 models'",
      })
  void aFileThatIsNoCatalogueIsRefusedInOneLine(String text, String problem) {
    Path file = folder.resolve("c.json");
    assertThatThrownBy(() -> catalogue(text))
        .isInstanceOf(CatalogueException.class)
        .hasMessage(file + problem);
  }

  @Test
  void aFileThatIsTooLargeOrAbsentIsRefused() throws Exception {
    Path large = folder.resolve("large.json");
    try (var file = new java.io.RandomAccessFile(large.toFile(), "rw")) {
      file.setLength(CatalogueFile.BYTES_MAX + 1);
    }
    assertThatThrownBy(() -> PriceCatalogue.read(large))
        .hasMessage(large + " has more than 16 MiB");
    Path none = folder.resolve("none.json");
    assertThatThrownBy(() -> PriceCatalogue.read(none))
        .isInstanceOf(CatalogueException.class)
        .hasMessage("there is no price catalogue " + none);
  }

  @Test
  void overridesGoBeforeTheCatalogue() throws Exception {
    Path overrides = folder.resolve("mine.json");
    Files.writeString(
        overrides, "{\"gpt-4o\": {\"input_cost_per_token\": 0, \"output_cost_per_token\": 0}}");
    Prices prices = Prices.read(LitellmExcerpt.FILE, overrides);
    assertThat(prices.of("gpt-4o").quote(THOUSAND, PriceTier.STANDARD, NOW).usd()).isZero();
    assertThat(prices.of("gpt-4o").source()).isEqualTo("mine.json");
    assertThat(prices.of("gpt-5").source()).isEqualTo("prices-excerpt.json");
    assertThat(prices.of("gpt-6").quote(THOUSAND, PriceTier.STANDARD, NOW).unpriced())
        .isEqualTo("there is no model gpt-6 in prices-excerpt.json");
  }

  @Test
  void theShippedCatalogueHasTheArticlesModels() throws Exception {
    Prices prices = Prices.read(null, null);
    TokenUsage million = TokenUsage.of(1_000_000, 1_000_000);
    Quote opus = prices.of("claude-4-opus").quote(million, PriceTier.STANDARD, NOW);
    assertThat(opus.inputUsd()).isEqualByComparingTo("15");
    assertThat(opus.outputUsd()).isEqualByComparingTo("75");
    Quote gpt = prices.of("gpt-5o").quote(million, PriceTier.STANDARD, NOW);
    assertThat(gpt.inputUsd()).isEqualByComparingTo("8.5");
    assertThat(gpt.outputUsd()).isEqualByComparingTo("34");
    assertThat(
            prices
                .of("self-hosted/llama-3.3-70b")
                .quote(million, PriceTier.STANDARD, NOW)
                .unpriced())
        .startsWith("it is self-hosted: it costs device time");

    PriceCatalogue shipped = PriceCatalogue.shipped();
    assertThat(shipped.version()).startsWith("2026-11-23 sha256:");
    assertThat(shipped.models())
        .allSatisfy(
            model ->
                assertThat(
                        shipped.find(model).orElseThrow().quote(million, PriceTier.STANDARD, NOW))
                    .matches(quote -> quote.priced() || model.startsWith("self-hosted/")));
  }

  private PriceCatalogue catalogue(String json) throws Exception {
    return PriceCatalogue.read(Files.writeString(folder.resolve("c.json"), json));
  }
}
