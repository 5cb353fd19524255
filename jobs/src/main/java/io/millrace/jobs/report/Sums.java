package io.millrace.jobs.report;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Optional;

/**
 * What a set of the ledger's rows adds up to, and the figures that follow from it.
 *
 * @param requests prompts
 * @param tokens what models worked on
 * @param time of devices
 * @param costs in USD
 * @param saved in USD, by reason
 */
public record Sums(Requests requests, Tokens tokens, DeviceTime time, Costs costs, Savings saved) {

  /** Places of a quotient. */
  private static final int SCALE = 24;

  private static final BigDecimal MILLION = BigDecimal.valueOf(1_000_000);

  /** What the answers would have cost without any saving. */
  public BigDecimal withoutSavings() {
    return costs.answers().add(saved.all());
  }

  /** What a request costs on average; empty if none has a price. */
  public Optional<BigDecimal> perRequest() {
    return costs.known(costs.answers()).flatMap(usd -> quotient(usd, requests.priced()));
  }

  /** The same without any saving. */
  public Optional<BigDecimal> perRequestWithoutSavings() {
    return costs.known(withoutSavings()).flatMap(usd -> quotient(usd, requests.priced()));
  }

  /** What a million tokens cost, prompts' and answers' together. */
  public Optional<BigDecimal> perMillionTokens() {
    return quotient(costs.answers().multiply(MILLION), tokens.priced());
  }

  /** The same with idle and lost device time. */
  public Optional<BigDecimal> perMillionTokensAllIn() {
    return quotient(costs.total().multiply(MILLION), tokens.priced());
  }

  /** What a million tokens of prompts cost, cached ones among them. */
  public Optional<BigDecimal> perMillionPromptTokens() {
    return quotient(costs.input().multiply(MILLION), tokens.pricedPrompt());
  }

  /** What a million generated tokens cost. */
  public Optional<BigDecimal> perMillionOutputTokens() {
    return quotient(costs.output().multiply(MILLION), tokens.pricedOutput());
  }

  /** Saved of what the answers would have cost. */
  public Share savedShare() {
    return Share.of(saved.all(), withoutSavings());
  }

  /** Requests that were answered without a model's work. */
  public Share reusedShare() {
    return Share.of(requests.reused(), requests.all());
  }

  /** Prompts' tokens that a prefix cache held. */
  public Share prefixShare() {
    return Share.of(tokens.cached(), tokens.prompt());
  }

  /** Drafted tokens that were accepted. */
  public Share acceptedShare() {
    return Share.of(tokens.accepted(), tokens.drafted());
  }

  /** Device time that no request used. */
  public Share idleShare() {
    return Share.of(time.idle(), time.all());
  }

  /** Device time whose work was lost. */
  public Share recoveryShare() {
    return Share.of(time.recovery(), time.all());
  }

  /** Both sets together. */
  public Sums plus(Sums other) {
    return new Sums(
        requests.plus(other.requests),
        tokens.plus(other.tokens),
        time.plus(other.time),
        costs.plus(other.costs),
        saved.plus(other.saved));
  }

  private static Optional<BigDecimal> quotient(BigDecimal usd, long count) {
    return count <= 0
        ? Optional.empty()
        : Optional.of(usd.divide(BigDecimal.valueOf(count), SCALE, RoundingMode.HALF_EVEN));
  }
}
