package io.millrace.jobs.cost;

import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * One model's prices during one period.
 *
 * <p>A request is billed at the rates of one band: the one of its tier with the highest threshold
 * that its prompt (all of it, cached tokens too) is longer than. All of its tokens are, those below
 * the threshold and those of the answer too: that is how providers bill.
 *
 * @param from since when, inclusive; null is always
 * @param until when no more, exclusive; null is for ever
 * @param bands in any order
 */
record PriceSheet(Instant from, Instant until, List<Band> bands) implements Serializable {

  /** The threshold that any prompt is longer than. */
  static final long ANY_LENGTH = -1;

  /**
   * The rates of a tier for prompts of more than so many tokens.
   *
   * @param aboveTokens {@link #ANY_LENGTH}, or a number of tokens
   */
  record Band(PriceTier tier, long aboveTokens, TokenRates rates) implements Serializable {}

  PriceSheet {
    bands = List.copyOf(bands);
    if (from != null && until != null && !from.isBefore(until)) {
      throw new IllegalArgumentException("valid_from is not before valid_until");
    }
  }

  boolean validAt(Instant time) {
    return (from == null || !time.isBefore(from)) && (until == null || time.isBefore(until));
  }

  /** Whether there is a moment at which both are valid. */
  boolean overlaps(PriceSheet other) {
    return (from == null || other.until == null || from.isBefore(other.until))
        && (other.from == null || until == null || other.from.isBefore(until));
  }

  Quote quote(TokenUsage usage, PriceTier tier) {
    Band band = null;
    for (Band candidate : bands) {
      if (candidate.tier() == tier
          && usage.input() > candidate.aboveTokens()
          && (band == null || candidate.aboveTokens() > band.aboveTokens())) {
        band = candidate;
      }
    }
    if (band == null) {
      return Quote.unpriced("it has no price per token in the " + tier.label() + " tier");
    }
    List<Quote.Term> terms = new ArrayList<>();
    for (TokenKind kind : TokenKind.values()) {
      long tokens = usage.tokens(kind);
      BigDecimal rate = band.rates().of(kind);
      if (tokens > 0 && rate == null) {
        return Quote.unpriced(
            "its " + kind.label() + " tokens have no price in the " + tier.label() + " tier");
      }
      if (tokens > 0) {
        terms.add(new Quote.Term(kind, tokens, rate));
      }
    }
    return Quote.of(terms);
  }

  /** The most that a request can cost in a tier; null if it has no price there. */
  BigDecimal most(long inputTokens, long outputTokens, PriceTier tier) {
    return bands.stream()
        .filter(band -> band.tier() == tier && inputTokens > band.aboveTokens())
        .map(band -> band.rates().most(inputTokens, outputTokens))
        .filter(Objects::nonNull)
        .max(Comparator.naturalOrder())
        .orElse(null);
  }
}
