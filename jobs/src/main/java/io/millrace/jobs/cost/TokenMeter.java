package io.millrace.jobs.cost;

import java.math.BigDecimal;
import java.time.Instant;

/**
 * Bills tokens at a catalogue's price: fresh ones of the prompt as input, those of the prefix cache
 * as cached input. What a row counts is what it costs, so its amounts can be checked from it.
 * Drafts save nothing: the same tokens are billed.
 */
final class TokenMeter implements CostMeter {
  private final ModelPrice price;
  private final PriceTier tier;
  private final String source;

  TokenMeter(ModelPrice price, PriceTier tier) {
    this.price = price;
    this.tier = tier;
    this.source = source(price);
  }

  /** Where a price came from, as rows say it. */
  static String source(ModelPrice price) {
    return "catalogue:" + price.source() + "#" + price.model();
  }

  @Override
  public Charge work(Work work, long nowMs) {
    long input = work.freshTokens() + work.cachedTokens();
    TokenUsage usage = usage(input, work.cachedTokens(), work.outputTokens());
    Quote quote = quote(usage, tier, nowMs);
    Quote uncached = quote(usage(input, 0, 0), tier, nowMs);
    if (!quote.priced() || !uncached.priced()) {
      return Charge.unpriced(tierName(), source, price.version());
    }
    Quote standard = quote(usage, PriceTier.STANDARD, nowMs);
    return new Charge(
        Charge.scaled(quote.inputUsd()),
        Charge.scaled(quote.outputUsd()),
        Charge.scaled(uncached.inputUsd().subtract(quote.inputUsd())),
        Charge.NOTHING,
        standard.priced() ? Charge.scaled(standard.usd().subtract(quote.usd())) : null,
        tierName(),
        source,
        price.version());
  }

  private static TokenUsage usage(long input, long cached, long output) {
    return new TokenUsage(input, cached, 0, 0, output, 0);
  }

  private Quote quote(TokenUsage usage, PriceTier of, long nowMs) {
    return price.quote(usage, of, Instant.ofEpochMilli(nowMs));
  }

  /** Nobody pays for time. */
  @Override
  public Charge time(long nanos, long nowMs) {
    BigDecimal nothing = Charge.NOTHING;
    return new Charge(
        nothing, nothing, nothing, nothing, nothing, tierName(), source, price.version());
  }

  private String tierName() {
    return tier == PriceTier.STANDARD ? null : tier.label();
  }
}
