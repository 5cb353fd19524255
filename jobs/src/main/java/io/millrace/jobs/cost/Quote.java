package io.millrace.jobs.cost;

import java.math.BigDecimal;
import java.util.List;

/**
 * What a request costs, term by term and exactly; or that it has no known price, which is not 0.
 *
 * @param terms one for each kind of token that there was any of; empty if there is no price
 * @param unpriced why there is no price, one line; null if there is one
 */
public record Quote(List<Term> terms, String unpriced) {

  /** So many tokens of a kind, at a price. */
  public record Term(TokenKind kind, long tokens, BigDecimal usdPerToken) {
    public BigDecimal usd() {
      return usdPerToken.multiply(BigDecimal.valueOf(tokens));
    }
  }

  public Quote {
    terms = List.copyOf(terms);
    if (unpriced != null && !terms.isEmpty()) {
      throw new IllegalArgumentException("what has no price has no terms");
    }
  }

  static Quote of(List<Term> terms) {
    return new Quote(terms, null);
  }

  static Quote unpriced(String why) {
    return new Quote(List.of(), why);
  }

  public boolean priced() {
    return unpriced == null;
  }

  /**
   * USD, exact.
   *
   * @throws IllegalStateException if there is no price
   */
  public BigDecimal usd() {
    return inputUsd().add(outputUsd());
  }

  /** The prompt's share of {@link #usd}. */
  public BigDecimal inputUsd() {
    return sum(true);
  }

  /** The answer's share of {@link #usd}. */
  public BigDecimal outputUsd() {
    return sum(false);
  }

  private BigDecimal sum(boolean ofInput) {
    if (!priced()) {
      throw new IllegalStateException("unpriced: " + unpriced);
    }
    return terms.stream()
        .filter(term -> term.kind().ofInput() == ofInput)
        .map(Term::usd)
        .reduce(BigDecimal.ZERO, BigDecimal::add);
  }
}
