package io.millrace.jobs.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.cost.ModelPrice;
import io.millrace.jobs.cost.PriceCatalogue;
import io.millrace.jobs.cost.PriceTier;
import io.millrace.jobs.cost.Prices;
import io.millrace.jobs.cost.Pricing;
import io.millrace.jobs.cost.TokenUsage;
import io.millrace.jobs.cost.Work;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CostBoundTest {
  private static final long NOW_MS = Instant.parse("2026-11-10T00:00:00Z").toEpochMilli();

  @TempDir private Path directory;

  @Test
  void paysForEveryTokenOfEveryChoiceAtTheCeiling() {
    CostBound bound = CostBound.ceiling(new BigDecimal("0.000002"));
    assertThat(bound.of(100, 50, 3, NOW_MS)).isEqualByComparingTo("0.0009");
    assertThat(bound.of(Integer.MAX_VALUE, Integer.MAX_VALUE, 16, NOW_MS)).isPositive();
    for (String wrong : new String[] {"-1", "1000.1", "1E-25", "1E+999999999"}) {
      assertThatThrownBy(() -> CostBound.ceiling(new BigDecimal(wrong)))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("must be 0 to 1000 USD with at most 24 decimal places");
    }
  }

  @Test
  void paysForTokensAtTheHighestPriceThatCanApply() throws Exception {
    CostBound bound =
        CostBound.tokens(
            price(
                """
                {"m": [
                   {"input_cost_per_token": 1, "output_cost_per_token": 900,
                    "valid_until": "2026-11-01"},
                   {"input_cost_per_token": 2, "cache_creation_input_token_cost": 3,
                    "cache_read_input_token_cost": 0.5, "output_cost_per_token": 10,
                    "input_cost_per_token_above_100_tokens": 4, "valid_from": "2026-11-01",
                    "valid_until": "2026-12-01"},
                   {"input_cost_per_token": 1, "output_cost_per_token": 20,
                    "valid_from": "2026-12-01"}]}
                """),
            PriceTier.STANDARD);
    assertThat(bound.of(100, 1, 1, NOW_MS)).as("written to a cache").isEqualByComparingTo("310");
    assertThat(bound.of(100, 100, 1, NOW_MS)).as("ends next month").isEqualByComparingTo("2100");
    assertThat(bound.of(51, 1, 2, NOW_MS))
        .as("a request of 102 tokens, of which two choices bill the prompt each")
        .isEqualByComparingTo("428");
  }

  @Test
  void paysForTheDearestModelThatMayAnswer() throws Exception {
    ModelPrice cheap =
        price("{\"m\": {\"input_cost_per_token\": 1, \"output_cost_per_token\": 1}}");
    ModelPrice dear =
        price(
            "{\"m\": {\"input_cost_per_token\": 2, \"output_cost_per_token\": 2,"
                + " \"input_cost_per_token_priority\": 3, \"output_cost_per_token_priority\": 5}}");
    assertThat(CostBound.remote(List.of(cheap)).of(10, 10, 1, NOW_MS)).isEqualByComparingTo("20");
    assertThat(CostBound.remote(List.of(cheap, dear)).of(10, 10, 1, NOW_MS))
        .isEqualByComparingTo("80");
    assertThat(CostBound.remote(List.of(cheap, price("{}"))).of(1, 1, 1, NOW_MS)).isNull();
  }

  @Test
  void knowsNoBoundWithoutAPrice() throws Exception {
    String both = "{\"m\": {\"input_cost_per_token\": 1, \"output_cost_per_token\": 1}}";
    assertThat(one(both, PriceTier.STANDARD)).isEqualByComparingTo("2");
    assertThat(one(both, PriceTier.BATCH)).isNull();
    assertThat(one("{}", PriceTier.STANDARD)).isNull();
    assertThat(one("{\"m\": {\"input_cost_per_token\": 1}}", PriceTier.STANDARD)).isNull();
    String over =
        "{\"m\": {\"input_cost_per_token\": 1, \"output_cost_per_token\": 1,"
            + " \"valid_until\": \"2026-11-01\"}}";
    assertThat(one(over, PriceTier.STANDARD)).isNull();
  }

  /** Over every model of a catalogue as it is. */
  @Test
  void isNeverBelowWhatIsBilled() throws Exception {
    Path excerpt = Path.of(CostBoundTest.class.getResource("/litellm/prices-excerpt.json").toURI());
    Random random = new Random(7);
    int priced = 0;
    for (String model : PriceCatalogue.read(excerpt).models()) {
      ModelPrice price = Prices.read(excerpt, null).of(model);
      for (PriceTier tier : PriceTier.values()) {
        for (int i = 0; i < 20; i++) {
          int choices = 1 + random.nextInt(3);
          int prompt = random.nextInt(i < 10 ? 1_000 : 300_000);
          int output = random.nextInt(1_000);
          BigDecimal most = CostBound.tokens(price, tier).of(prompt, output, choices, NOW_MS);
          if (most == null) {
            continue;
          }
          priced++;
          long input = (long) choices * prompt;
          long answer = (long) choices * output;
          int cached = random.nextInt(prompt + 1);
          Work work = new Work(0, 0, input - cached, cached, answer, 0);
          BigDecimal billed =
              Pricing.tokens(price, tier).open(NOW_MS).work(work, NOW_MS).totalUsd();
          assertThat(billed).as(model).isNotNull().isLessThanOrEqualTo(most);
          var quote =
              price.quote(
                  new TokenUsage(input, cached, (input - cached) / 2, 0, answer, answer / 2),
                  tier,
                  Instant.ofEpochMilli(NOW_MS));
          if (quote.priced()) {
            assertThat(quote.usd()).as(model + " " + tier).isLessThanOrEqualTo(most);
          }
        }
      }
    }
    assertThat(priced).isPositive();
  }

  /** Bound of one token each. */
  private BigDecimal one(String catalogue, PriceTier tier) throws Exception {
    return CostBound.tokens(price(catalogue), tier).of(1, 1, 1, NOW_MS);
  }

  private ModelPrice price(String catalogue) throws Exception {
    Path file = Files.writeString(directory.resolve("prices.json"), catalogue);
    return Prices.read(file, null).of("m");
  }
}
