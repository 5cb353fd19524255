package io.millrace.jobs.cost;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * What LiteLLM's own rules make of its catalogue, written down a second time and another way: one
 * request at a time, from the fields' names, as its cost calculator does. Null is 'unpriced'.
 *
 * <p>Where Millrace differs on purpose ({@link EntryRates}), so does this: a cached or written
 * token without a price costs what input costs, a tier needs prices of its own.
 */
final class LiteLlmOracle {
  private static final Map<PriceTier, String> SUFFIXES =
      Map.of(
          PriceTier.STANDARD, "",
          PriceTier.BATCH, "_batches",
          PriceTier.FLEX, "_flex",
          PriceTier.PRIORITY, "_priority");

  private LiteLlmOracle() {}

  static JsonNode read(Path catalogue) throws IOException {
    return JsonMapper.builder()
        .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
        .build()
        .readTree(catalogue.toFile());
  }

  static BigDecimal cost(JsonNode entry, TokenUsage u, PriceTier tier) {
    long fresh = u.input() - u.cached() - u.cacheWrite() - u.cacheWrite1h();
    BigDecimal input;
    BigDecimal output;
    BigDecimal cached;
    BigDecimal write;
    BigDecimal write1h;
    BigDecimal reasoning;
    if (entry.path("tiered_pricing").path(0).has("input_cost_per_token")) {
      if (tier != PriceTier.STANDARD) {
        return null;
      }
      JsonNode range = range(entry.path("tiered_pricing"), u.input());
      input = get(range, "input_cost_per_token");
      output = get(range, "output_cost_per_token");
      cached = get(range, "cache_read_input_token_cost");
      write = get(range, "cache_creation_input_token_cost");
      write1h = get(range, "cache_creation_input_token_cost_above_1hr");
      reasoning = get(range, "output_cost_per_reasoning_token");
    } else {
      String suffix = SUFFIXES.get(tier);
      String above = tier == PriceTier.BATCH ? null : above(entry, u.input());
      input = rate(entry, "input_cost_per_token", above, suffix, false);
      output = rate(entry, "output_cost_per_token", above, suffix, false);
      String cacheAbove = above(entry, u.input());
      cached = rate(entry, "cache_read_input_token_cost", cacheAbove, suffix, true);
      write = rate(entry, "cache_creation_input_token_cost", cacheAbove, suffix, true);
      write1h = rate(entry, "cache_creation_input_token_cost_above_1hr", cacheAbove, suffix, true);
      reasoning = get(entry, "output_cost_per_reasoning_token" + suffix);
    }
    if (write1h == null && write == null) {
      write1h = input;
    }
    if ((input == null && output == null)
        || (u.input() > 0 && input == null)
        || (u.output() > 0 && output == null)
        || (u.cacheWrite1h() > 0 && write1h == null)) {
      return null;
    }
    return times(fresh, input)
        .add(times(u.cached(), cached == null ? input : cached))
        .add(times(u.cacheWrite(), write == null ? input : write))
        .add(times(u.cacheWrite1h(), write1h))
        .add(times(u.output() - u.reasoning(), output))
        .add(times(u.reasoning(), reasoning == null ? output : reasoning));
  }

  private static JsonNode range(JsonNode ranges, long tokens) {
    for (JsonNode range : ranges) {
      double start = range.path("range").path(0).doubleValue();
      double end = range.path("range").path(1).doubleValue();
      if ((start < tokens && tokens <= end) || tokens == 0) {
        return range;
      }
    }
    return ranges.path(ranges.size() - 1);
  }

  /** The part of names that says which threshold the prompt is over; null if none. */
  private static String above(JsonNode entry, long tokens) {
    TreeMap<Long, String> exceeded = new TreeMap<>();
    entry
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (name.startsWith("input_cost_per_token_above_") && name.endsWith("_tokens")) {
                String part = name.substring("input_cost_per_token".length());
                String digits = part.replaceAll("\\D", "");
                long threshold = Long.parseLong(digits) * (part.contains("k_") ? 1000 : 1);
                boolean inclusive = entry.path("litellm_provider").asText().equals("xai");
                if (tokens > threshold || (inclusive && tokens == threshold)) {
                  exceeded.put(threshold, part);
                }
              }
            });
    return exceeded.isEmpty() ? null : exceeded.lastEntry().getValue();
  }

  private static BigDecimal rate(
      JsonNode entry, String name, String above, String suffix, boolean cache) {
    BigDecimal base = get(entry, name + suffix);
    if (base == null && !cache) {
      return null;
    }
    if (suffix.equals("_batches")) {
      return base != null ? base : rate(entry, name, above, "", true);
    }
    if (base == null) {
      base = get(entry, name);
    }
    if (above != null) {
      BigDecimal tierAbove = get(entry, name + above + suffix);
      BigDecimal standardAbove = get(entry, name + above);
      base = tierAbove != null ? tierAbove : standardAbove != null ? standardAbove : base;
    }
    return base;
  }

  private static BigDecimal get(JsonNode entry, String name) {
    return entry.hasNonNull(name) ? entry.get(name).decimalValue() : null;
  }

  private static BigDecimal times(long tokens, BigDecimal price) {
    return tokens == 0 ? BigDecimal.ZERO : price.multiply(BigDecimal.valueOf(tokens));
  }
}
