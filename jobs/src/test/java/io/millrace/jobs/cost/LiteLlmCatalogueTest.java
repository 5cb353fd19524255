package io.millrace.jobs.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every model of LiteLLM's catalogue costs what LiteLLM's rates say, to the last digit. */
class LiteLlmCatalogueTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  /** Around all thresholds that the catalogue has. */
  private static final long[] LENGTHS = {
    0, 1, 999, 32_000, 32_001, 127_999, 128_000, 128_001, 199_999, 200_000, 200_001, 256_000,
    256_001, 272_000, 272_001, 512_000, 512_001, 3_000_000
  };

  @Test
  void someEntries() throws Exception {
    assertThat(compareAll(LitellmExcerpt.FILE)).isGreaterThan(1_500);
  }

  @Test
  void allEntries() throws Exception {
    String data = System.getProperty("millrace.data");
    assumeTrue(data != null, "skipped: -Dmillrace.data names no folder with prices");
    Path file = Path.of(data, "prices", "model_prices_and_context_window.json");
    assumeTrue(Files.exists(file), "skipped: there is no " + file);
    assertThat(compareAll(file)).isGreaterThan(130_000);
  }

  /** Returns how many priced requests were compared. */
  private static long compareAll(Path file) throws Exception {
    PriceCatalogue catalogue = PriceCatalogue.read(file);
    List<TokenUsage> usages = usages();
    long priced = 0;
    for (Map.Entry<String, JsonNode> field : LiteLlmOracle.read(file).properties()) {
      JsonNode entry = field.getValue();
      if (!entry.isObject() || !catalogue.models().contains(field.getKey())) {
        continue;
      }
      ModelPrice price = catalogue.find(field.getKey()).orElseThrow();
      assertThat(price.model()).isEqualTo(field.getKey());
      for (PriceTier tier : PriceTier.values()) {
        for (TokenUsage usage : usages) {
          BigDecimal expected = LiteLlmOracle.cost(entry, usage, tier);
          Quote quote = price.quote(usage, tier, NOW);
          if (expected == null ? quote.priced() : !quote.priced() || differ(quote, expected)) {
            assertThat(quote).as("%s %s %s", field.getKey(), tier, usage).isEqualTo(expected);
          }
          priced += expected == null ? 0 : 1;
        }
      }
    }
    return priced;
  }

  private static boolean differ(Quote quote, BigDecimal expected) {
    return quote.usd().compareTo(expected) != 0;
  }

  private static List<TokenUsage> usages() {
    Random random = new Random(5);
    List<TokenUsage> usages = new ArrayList<>();
    for (long input : LENGTHS) {
      usages.add(TokenUsage.of(input, 321));
      for (int i = 0; i < 2; i++) {
        long cached = part(random, input);
        long write = part(random, input - cached);
        long write1h = part(random, input - cached - write);
        long output = random.nextInt(10_000);
        usages.add(new TokenUsage(input, cached, write, write1h, output, part(random, output)));
      }
    }
    return usages;
  }

  private static long part(Random random, long of) {
    return switch (random.nextInt(3)) {
      case 0 -> 0;
      case 1 -> of;
      default -> of == 0 ? 0 : random.nextLong(of);
    };
  }
}
