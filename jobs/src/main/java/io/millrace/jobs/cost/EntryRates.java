package io.millrace.jobs.cost;

import static io.millrace.jobs.cost.PriceSheet.ANY_LENGTH;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.jobs.cost.PriceSheet.Band;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * From the prices that an entry names to the rates of every tier and prompt length: what stands in
 * for a price that is not named.
 *
 * <p>These are LiteLLM's own rules (litellm_core_utils/llm_cost_calc/utils.py, {@code
 * _get_token_base_cost} and {@code _resolve_reasoning_token_cost}; tiered_pricing.py), but where
 * those would make up a price or bill nothing:
 *
 * <ul>
 *   <li>Above a threshold: the tier's own price above it, else (flex, priority) the standard one
 *       above it, else the tier's own for any length.
 *   <li>A tier other than the standard one needs an input price and an output price of its own;
 *       LiteLLM bills the standard price instead, and half of it for batches. Its cached tokens may
 *       go by the standard tier's cache price, for providers give either discount.
 *   <li>Cached tokens and cache writes without a price cost what input costs; LiteLLM bills
 *       nothing. A write for an hour has no known price where shorter writes have one and it has
 *       none.
 *   <li>Reasoning without a price costs what output costs.
 * </ul>
 */
final class EntryRates {
  private final JsonNode entry;
  private final EntryPrices prices;

  EntryRates(JsonNode entry) {
    this.entry = entry;
    this.prices = new EntryPrices(entry);
  }

  /**
   * All bands that have a price per token; none for models that are billed otherwise.
   *
   * @throws IllegalArgumentException if something in the entry is no price
   */
  List<Band> bands() {
    List<Band> tiered = TieredPricing.bands(entry, price(TokenKind.OUTPUT, ANY_LENGTH));
    if (!tiered.isEmpty()) {
      return tiered;
    }
    List<Band> bands = new ArrayList<>();
    for (PriceTier tier : PriceTier.values()) {
      add(bands, tier, ANY_LENGTH);
      for (long threshold : prices.thresholds()) {
        add(bands, tier, threshold);
      }
    }
    return bands;
  }

  private void add(List<Band> bands, PriceTier tier, long threshold) {
    TokenRates rates = rates(tier, threshold);
    if (rates.input() != null || rates.output() != null) {
      // xAI's thresholds belong to the longer prompts; LiteLLM's _INCLUSIVE_THRESHOLD_PROVIDERS.
      boolean inclusive = entry.path("litellm_provider").asText().equals("xai");
      bands.add(new Band(tier, inclusive && threshold > 0 ? threshold - 1 : threshold, rates));
    }
  }

  private TokenRates rates(PriceTier tier, long threshold) {
    BigDecimal input = offered(TokenKind.INPUT, tier, threshold);
    BigDecimal output = offered(TokenKind.OUTPUT, tier, threshold);
    BigDecimal cached = null;
    BigDecimal write = null;
    BigDecimal write1h = null;
    if (input != null) {
      cached = or(cache(TokenKind.CACHED_INPUT, tier, threshold), input);
      BigDecimal ownWrite = cache(TokenKind.CACHE_WRITE, tier, threshold);
      write = or(ownWrite, input);
      write1h =
          or(cache(TokenKind.CACHE_WRITE_1H, tier, threshold), ownWrite == null ? input : null);
    }
    BigDecimal reasoning =
        output == null ? null : or(own(TokenKind.REASONING, tier, threshold), output);
    return new TokenRates(input, cached, write, write1h, output, reasoning);
  }

  /** The price of input or output; null if the tier has none of its own. */
  private BigDecimal offered(TokenKind kind, PriceTier tier, long threshold) {
    boolean offers =
        prices.get(kind, tier, ANY_LENGTH) != null
            || prices.thresholds().headSet(threshold, true).stream()
                .anyMatch(above -> prices.get(kind, tier, above) != null);
    if (!offers) {
      return null;
    }
    boolean standardAbove = tier == PriceTier.FLEX || tier == PriceTier.PRIORITY;
    for (long above : prices.thresholds().headSet(threshold, true).descendingSet()) {
      BigDecimal price =
          or(
              prices.get(kind, tier, above),
              standardAbove ? prices.get(kind, PriceTier.STANDARD, above) : null);
      if (price != null) {
        return price;
      }
    }
    return prices.get(kind, tier, ANY_LENGTH);
  }

  /** The price of cached or written tokens, if need be the standard tier's; null without one. */
  private BigDecimal cache(TokenKind kind, PriceTier tier, long threshold) {
    BigDecimal offered = offered(kind, tier, threshold);
    return offered != null ? offered : own(kind, PriceTier.STANDARD, threshold);
  }

  /** The tier's own price; null without one. */
  private BigDecimal own(TokenKind kind, PriceTier tier, long threshold) {
    for (long above : prices.thresholds().headSet(threshold, true).descendingSet()) {
      if (prices.get(kind, tier, above) != null) {
        return prices.get(kind, tier, above);
      }
    }
    return prices.get(kind, tier, ANY_LENGTH);
  }

  private BigDecimal price(TokenKind kind, long threshold) {
    return prices.get(kind, PriceTier.STANDARD, threshold);
  }

  private static BigDecimal or(BigDecimal price, BigDecimal otherwise) {
    return price != null ? price : otherwise;
  }
}
