package io.millrace.jobs.cost;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The prices per token in one entry of a catalogue in LiteLLM's format, by what they are for. Names
 * that price something else (characters, images, seconds, audio tokens, searches) are passed over.
 */
final class EntryPrices {
  // NAME[_above_Nk_tokens][_TIER], the latter two in any order.
  private static final Pattern NAME =
      Pattern.compile(
          "(?<kind>input_cost_per_token|output_cost_per_token|cache_read_input_token_cost"
              + "|cache_creation_input_token_cost(?:_above_1hr)?|output_cost_per_reasoning_token)"
              + "(?<tier>_batches|_flex|_priority)?"
              + "(?:_above_(?<above>\\d{1,9})(?<thousands>k?)_tokens)?"
              + "(?<lateTier>_batches|_flex|_priority)?");

  private record Key(TokenKind kind, PriceTier tier, long aboveTokens) {}

  private final Map<Key, BigDecimal> prices = new HashMap<>();
  private final TreeSet<Long> thresholds = new TreeSet<>();

  /**
   * @throws IllegalArgumentException if a price is none
   */
  EntryPrices(JsonNode entry) {
    entry
        .properties()
        .forEach(
            field -> {
              Matcher name = NAME.matcher(field.getKey());
              // JSON's null is LiteLLM's way to say nothing.
              if (name.matches() && !field.getValue().isNull()) {
                add(name, price(field.getKey(), field.getValue()));
              }
            });
  }

  private static BigDecimal price(String name, JsonNode value) {
    if (!value.isNumber()) {
      throw new IllegalArgumentException(name + " is no number");
    }
    return TokenRates.checked(name, value.decimalValue());
  }

  private void add(Matcher name, BigDecimal price) {
    String tier = name.group("tier") == null ? name.group("lateTier") : name.group("tier");
    long above = PriceSheet.ANY_LENGTH;
    if (name.group("above") != null) {
      above = Long.parseLong(name.group("above")) * (name.group("thousands").isEmpty() ? 1 : 1_000);
      thresholds.add(above);
    }
    prices.put(new Key(kind(name.group("kind")), tier(tier), above), price);
  }

  private static TokenKind kind(String name) {
    return switch (name) {
      case "input_cost_per_token" -> TokenKind.INPUT;
      case "output_cost_per_token" -> TokenKind.OUTPUT;
      case "cache_read_input_token_cost" -> TokenKind.CACHED_INPUT;
      case "cache_creation_input_token_cost" -> TokenKind.CACHE_WRITE;
      case "cache_creation_input_token_cost_above_1hr" -> TokenKind.CACHE_WRITE_1H;
      default -> TokenKind.REASONING;
    };
  }

  private static PriceTier tier(String suffix) {
    if (suffix == null) {
      return PriceTier.STANDARD;
    }
    return switch (suffix) {
      case "_batches" -> PriceTier.BATCH;
      case "_flex" -> PriceTier.FLEX;
      default -> PriceTier.PRIORITY;
    };
  }

  /** The prompt lengths above which something costs something else, tokens. */
  NavigableSet<Long> thresholds() {
    return thresholds;
  }

  /** The price that the entry names for exactly this, or null. */
  BigDecimal get(TokenKind kind, PriceTier tier, long aboveTokens) {
    return prices.get(new Key(kind, tier, aboveTokens));
  }
}
