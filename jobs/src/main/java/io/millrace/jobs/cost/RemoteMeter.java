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
    ModelPrice price = prices.get(answering);
    Optional<PriceTier> tier = PriceTier.served(serviceTier);
    if (price == null || usage == null || tier.isEmpty()) {
      return unpriced(price == null ? prices.get(model) : price);
    }
    Instant at = Instant.ofEpochMilli(nowMs);
    Quote quote =
        price.quote(
            new TokenUsage(
                usage.inputTokens(),
                usage.cachedTokens(),
                usage.cacheWriteTokens(),
                usage.cacheWrite1hTokens(),
                usage.outputTokens(),
                usage.reasoningTokens()),
            tier.get(),
            at);
    Quote uncached = price.quote(TokenUsage.of(usage.inputTokens(), 0), tier.get(), at);
    if (!quote.priced() || !uncached.priced()) {
      return unpriced(price);
    }
    return new Charge(
        Charge.scaled(quote.inputUsd()),
        Charge.scaled(quote.outputUsd()),
        Charge.scaled(uncached.inputUsd().subtract(quote.inputUsd())),
        Charge.NOTHING,
        TokenMeter.source(price),
        price.version());
  }

  private static Charge unpriced(ModelPrice price) {
    return Charge.unpriced(TokenMeter.source(price), price.version());
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
        nothing, nothing, nothing, nothing, TokenMeter.source(price), price.version());
  }
}
