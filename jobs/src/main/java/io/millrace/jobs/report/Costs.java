package io.millrace.jobs.report;

import java.math.BigDecimal;
import java.util.Optional;

/**
 * What rows cost, exact USD; rows without a known price add nothing and are counted.
 *
 * @param total of all rows
 * @param answers of requests' rows: input and output
 * @param input of the prompts
 * @param output of the generated tokens
 * @param idle of device time that no request used
 * @param recovery of device time whose work was lost
 * @param pricedRows rows with a known price, of all kinds
 * @param unpricedRows rows without one
 */
public record Costs(
    BigDecimal total,
    BigDecimal answers,
    BigDecimal input,
    BigDecimal output,
    BigDecimal idle,
    BigDecimal recovery,
    long pricedRows,
    long unpricedRows) {

  /** An amount of these; empty where it is nothing for want of a price. */
  public Optional<BigDecimal> known(BigDecimal amount) {
    return amount.signum() == 0 && unpricedRows > 0 ? Optional.empty() : Optional.of(amount);
  }

  /** What neither requests nor idle nor lost time cost: rows of kinds that are newer than this. */
  public BigDecimal other() {
    return total.subtract(answers).subtract(idle).subtract(recovery);
  }

  Costs plus(Costs other) {
    return new Costs(
        total.add(other.total),
        answers.add(other.answers),
        input.add(other.input),
        output.add(other.output),
        idle.add(other.idle),
        recovery.add(other.recovery),
        pricedRows + other.pricedRows,
        unpricedRows + other.unpricedRows);
  }
}
