package io.millrace.jobs.cost;

import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * What a catalogue says of one model's price per token, whenever it was or will be valid; travels
 * to the tasks that need it.
 */
public final class ModelPrice implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String model;
  private final String source;
  private final String version;
  private final List<PriceSheet> periods;
  private final String unpriced;

  private ModelPrice(
      String model, String source, String version, List<PriceSheet> periods, String unpriced) {
    this.model = model;
    this.source = source;
    this.version = version;
    this.periods = List.copyOf(periods);
    this.unpriced = unpriced;
  }

  static ModelPrice of(String model, String source, String version, List<PriceSheet> periods) {
    return new ModelPrice(model, source, version, periods, null);
  }

  /**
   * A model without a price.
   *
   * @param why one line
   */
  static ModelPrice unpriced(String model, String source, String version, String why) {
    return new ModelPrice(model, source, version, List.of(), why);
  }

  /** As the catalogue spells it, or as asked for where no catalogue knows it. */
  public String model() {
    return model;
  }

  /** Which catalogue: its file's name. */
  public String source() {
    return source;
  }

  /** Which edition of the catalogue: its date, if it says one, and its digest. */
  public String version() {
    return version;
  }

  /** What a request costs that ends at this time. */
  public Quote quote(TokenUsage usage, PriceTier tier, Instant at) {
    if (unpriced != null) {
      return Quote.unpriced(unpriced);
    }
    return periods.stream()
        .filter(period -> period.validAt(at))
        .findFirst()
        .map(period -> period.quote(usage, tier))
        .orElseGet(() -> Quote.unpriced("no price of it is valid at " + at));
  }

  /**
   * The most that a request can cost that begins now, however much of it comes from a cache or goes
   * to one, and however long it takes: prices that begin later count too. Null if it has no price.
   *
   * @param inputTokens of the prompt
   * @param outputTokens most of the answer
   */
  public BigDecimal most(long inputTokens, long outputTokens, PriceTier tier, Instant now) {
    if (!quote(TokenUsage.of(inputTokens, outputTokens), tier, now).priced()) {
      return null;
    }
    return periods.stream()
        .filter(period -> period.until() == null || now.isBefore(period.until()))
        .map(period -> period.most(inputTokens, outputTokens, tier))
        .filter(Objects::nonNull)
        .max(Comparator.naturalOrder())
        .orElse(null);
  }
}
