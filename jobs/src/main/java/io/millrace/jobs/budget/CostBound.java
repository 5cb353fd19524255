package io.millrace.jobs.budget;

import io.millrace.jobs.cost.DevicePrice;
import io.millrace.jobs.cost.ModelPrice;
import io.millrace.jobs.cost.PriceTier;
import io.millrace.jobs.cost.TokenUsage;
import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/** The most that a prompt can cost, as it is known before anything is done for it. */
public sealed interface CostBound extends Serializable {

  /** Most that a token of either kind may be said to cost, USD. */
  BigDecimal CEILING_MAX = BigDecimal.valueOf(1_000);

  /**
   * The most that all choices of a prompt can cost, USD; null if the model has no known price.
   *
   * @param promptTokens of one choice
   * @param outputTokensMax of one choice
   * @param choices how many there are to be
   * @param nowMs epoch milliseconds; prices that begin later count too
   */
  BigDecimal of(int promptTokens, int outputTokensMax, int choices, long nowMs);

  /**
   * What is billed by device time, of which nobody knows before how long it takes.
   *
   * @param usdPerToken what a token costs at most, of the prompt or the answer, as configured
   * @throws IllegalArgumentException if that is negative, above {@link #CEILING_MAX}, or has more
   *     places than amounts have
   */
  static CostBound ceiling(BigDecimal usdPerToken) {
    return new Ceiling(usdPerToken);
  }

  /** What is billed by the token: at the highest of a tier's prices that can apply. */
  static CostBound tokens(ModelPrice price, PriceTier tier) {
    return new Tokens(price, tier);
  }

  /**
   * What others serve, who say only afterwards at which tier: at the highest of the standard and
   * the priority prices of all models that may answer. One without a known price leaves no bound.
   *
   * @param prices of each of them, one or more
   */
  static CostBound remote(Collection<ModelPrice> prices) {
    return new Remote(List.copyOf(prices));
  }

  /** See {@link #ceiling}. */
  record Ceiling(BigDecimal usdPerToken) implements CostBound {
    public Ceiling {
      if (usdPerToken.signum() < 0
          || usdPerToken.compareTo(CEILING_MAX) > 0
          || usdPerToken.scale() > DevicePrice.SCALE) {
        throw new IllegalArgumentException(
            "must be 0 to "
                + CEILING_MAX
                + " USD with at most "
                + DevicePrice.SCALE
                + " decimal places");
      }
    }

    @Override
    public BigDecimal of(int promptTokens, int outputTokensMax, int choices, long nowMs) {
      return usdPerToken.multiply(
          BigDecimal.valueOf(choices * ((long) promptTokens + outputTokensMax)));
    }
  }

  /** See {@link #remote}. */
  record Remote(List<ModelPrice> prices) implements CostBound {
    @Override
    public BigDecimal of(int promptTokens, int outputTokensMax, int choices, long nowMs) {
      BigDecimal most = BigDecimal.ZERO;
      for (ModelPrice price : prices) {
        BigDecimal standard =
            tokens(price, PriceTier.STANDARD).of(promptTokens, outputTokensMax, choices, nowMs);
        if (standard == null) {
          return null;
        }
        BigDecimal priority =
            tokens(price, PriceTier.PRIORITY).of(promptTokens, outputTokensMax, choices, nowMs);
        most = most.max(standard).max(priority == null ? standard : priority);
      }
      return most;
    }
  }

  /** See {@link #tokens}. */
  record Tokens(ModelPrice price, PriceTier tier) implements CostBound {
    @Override
    public BigDecimal of(int promptTokens, int outputTokensMax, int choices, long nowMs) {
      long input = (long) choices * promptTokens;
      long output = (long) choices * outputTokensMax;
      return input > TokenUsage.TOKENS_MAX || output > TokenUsage.TOKENS_MAX
          ? null
          : price.most(input, output, tier, Instant.ofEpochMilli(nowMs));
    }
  }
}
