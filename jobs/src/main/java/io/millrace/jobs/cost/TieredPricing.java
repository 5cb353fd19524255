package io.millrace.jobs.cost;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.jobs.cost.PriceSheet.Band;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The other way in which LiteLLM's catalogue writes prices by the prompt's length (Dashscope,
 * Volcengine): a list of ranges, each with its own prices.
 *
 * <p>A range holds for prompts longer than its start. What it does not name costs what its input
 * costs, or its output; never what another range says, but for an output price that only the model
 * has. As in LiteLLM's tiered_pricing.py.
 */
final class TieredPricing {
  private TieredPricing() {}

  /**
   * @param output the model's own output price, or null
   * @return empty unless the entry has ranges with prices per token
   * @throws IllegalArgumentException if something in a range is no price, or it has no start
   */
  static List<Band> bands(JsonNode entry, BigDecimal output) {
    List<Band> bands = new ArrayList<>();
    for (JsonNode range : entry.path("tiered_pricing")) {
      EntryPrices prices = new EntryPrices(range);
      BigDecimal input = standard(prices, TokenKind.INPUT);
      if (input == null) {
        return List.of(); // prices of searches, say
      }
      BigDecimal ownWrite = standard(prices, TokenKind.CACHE_WRITE);
      BigDecimal write = or(ownWrite, input);
      BigDecimal ownOutput = or(standard(prices, TokenKind.OUTPUT), output);
      bands.add(
          new Band(
              PriceTier.STANDARD,
              start(range),
              new TokenRates(
                  input,
                  or(standard(prices, TokenKind.CACHED_INPUT), input),
                  write,
                  or(standard(prices, TokenKind.CACHE_WRITE_1H), ownWrite == null ? input : null),
                  ownOutput,
                  or(standard(prices, TokenKind.REASONING), ownOutput))));
    }
    bands.sort(Comparator.comparingLong(Band::aboveTokens));
    if (!bands.isEmpty()) {
      // Also for prompts of no tokens at all.
      Band first = bands.get(0);
      bands.set(0, new Band(first.tier(), PriceSheet.ANY_LENGTH, first.rates()));
    }
    return bands;
  }

  private static long start(JsonNode range) {
    JsonNode start = range.path("range").path(0);
    // The catalogue writes 256000.0.
    if (!start.isNumber() || start.doubleValue() < 0 || start.doubleValue() > 1e12) {
      throw new IllegalArgumentException("a range of tiered_pricing has no start");
    }
    return start.longValue();
  }

  private static BigDecimal standard(EntryPrices prices, TokenKind kind) {
    return prices.get(kind, PriceTier.STANDARD, PriceSheet.ANY_LENGTH);
  }

  private static BigDecimal or(BigDecimal price, BigDecimal otherwise) {
    return price != null ? price : otherwise;
  }
}
