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
  private final String source;

  TokenMeter(ModelPrice price) {
    this.price = price;
    this.source = source(price);
  }

  /** Where a price came from, as rows say it. */
  static String source(ModelPrice price) {
    return "catalogue:" + price.source() + "#" + price.model();
  }

  @Override
  public Charge work(Work work, long nowMs) {
    long input = work.freshTokens() + work.cachedTokens();
    Quote quote = quote(input, work.cachedTokens(), work.outputTokens(), nowMs);
    Quote uncached = quote(input, 0, 0, nowMs);
    if (!quote.priced() || !uncached.priced()) {
      return Charge.unpriced(source, price.version());
    }
    return new Charge(
        Charge.scaled(quote.inputUsd()),
        Charge.scaled(quote.outputUsd()),
        Charge.scaled(uncached.inputUsd().subtract(quote.inputUsd())),
        Charge.NOTHING,
        source,
        price.version());
  }

  private Quote quote(long input, long cached, long output, long nowMs) {
    return price.quote(
        new TokenUsage(input, cached, 0, 0, output, 0),
        PriceTier.STANDARD,
        Instant.ofEpochMilli(nowMs));
  }

  /** Nobody pays for time. */
  @Override
  public Charge time(long nanos, long nowMs) {
    BigDecimal nothing = Charge.NOTHING;
    return new Charge(nothing, nothing, nothing, nothing, source, price.version());
  }
}
