package io.millrace.jobs.report;

import java.math.BigDecimal;
import java.util.Optional;

/**
 * What was saved, by reason, exact USD; negative where it cost more.
 *
 * @param dedup answers that were reused
 * @param prefix prompts' beginnings that a prefix cache held
 * @param speculation drafted tokens that were accepted
 * @param batch a tier that is cheaper than the standard one
 * @param unknown rows of requests that do not say what they saved, for want of a price
 */
public record Savings(
    BigDecimal dedup, BigDecimal prefix, BigDecimal speculation, BigDecimal batch, long unknown) {

  /** An amount of these; empty where it is nothing for want of a price. */
  public Optional<BigDecimal> known(BigDecimal amount) {
    return amount.signum() == 0 && unknown > 0 ? Optional.empty() : Optional.of(amount);
  }

  public BigDecimal all() {
    return dedup.add(prefix).add(speculation).add(batch);
  }

  Savings plus(Savings other) {
    return new Savings(
        dedup.add(other.dedup),
        prefix.add(other.prefix),
        speculation.add(other.speculation),
        batch.add(other.batch),
        unknown + other.unknown);
  }
}
