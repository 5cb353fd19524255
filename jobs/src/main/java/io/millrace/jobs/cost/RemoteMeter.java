package io.millrace.jobs.cost;

import io.millrace.engine.RemoteUsage;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** Bills what providers say they bill for, each model at its own price in the catalogue. */
final class RemoteMeter implements CostMeter {
  private final String model;
  private final Map<String, ModelPrice> prices;

  /**
   * @param model the configured name of the model that is asked
   * @param prices by configured name: of the model, and of those that it falls back on
   */
  RemoteMeter(String model, Map<String, ModelPrice> prices) {
    this.model = model;
    this.prices = prices;
  }

  @Override
  public Charge call(String answering, RemoteUsage usage, String serviceTier, long nowMs) {
    ModelPrice price = prices.getOrDefault(answering, prices.get(model));
    Optional<PriceTier> tier = PriceTier.served(serviceTier);
    String tierName = tier.map(RemoteMeter::name).orElse(serviceTier);
    String source = TokenMeter.source(price);
    if (!prices.containsKey(answering) || usage == null || tier.isEmpty()) {
      return Charge.unpriced(tierName, source, price.version());
    }
    TokenUsage all =
        new TokenUsage(
            usage.inputTokens(),
            usage.cachedTokens(),
            usage.cacheWriteTokens(),
            usage.cacheWrite1hTokens(),
            usage.outputTokens(),
            usage.reasoningTokens());
    Instant at = Instant.ofEpochMilli(nowMs);
    Quote quote = price.quote(all, tier.get(), at);
    Quote uncached = price.quote(TokenUsage.of(usage.inputTokens(), 0), tier.get(), at);
    if (!quote.priced() || !uncached.priced()) {
      return Charge.unpriced(tierName, source, price.version());
    }
    Quote standard = price.quote(all, PriceTier.STANDARD, at);
    return new Charge(
        Charge.scaled(quote.inputUsd()),
        Charge.scaled(quote.outputUsd()),
        Charge.scaled(uncached.inputUsd().subtract(quote.inputUsd())),
        Charge.NOTHING,
        standard.priced() ? Charge.scaled(standard.usd().subtract(quote.usd())) : null,
        tierName,
        source,
        price.version());
  }

  /** A row names no tier where it is the standard one. */
  private static String name(PriceTier tier) {
    return tier == PriceTier.STANDARD ? null : tier.label();
  }

  /** Nothing is computed here. */
  @Override
  public Charge work(Work work, long nowMs) {
    throw new IllegalStateException("model " + model + " is remote");
  }

  /** Nobody pays for time. */
  @Override
  public Charge time(long nanos, long nowMs) {
    BigDecimal nothing = Charge.NOTHING;
    ModelPrice price = prices.get(model);
    return new Charge(
        nothing,
        nothing,
        nothing,
        nothing,
        nothing,
        null,
        TokenMeter.source(price),
        price.version());
  }
}
