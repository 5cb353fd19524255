package io.millrace.jobs.cost;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * What work costs, in exact decimal USD of the scale of all amounts; or that it has no known price.
 *
 * @param inputUsd of the prompt; null, like all amounts, if there is no price
 * @param outputUsd of the answer
 * @param savedPrefixUsd what the cached part of the prompt would have cost more
 * @param savedSpeculationUsd what drafts spared; negative where they cost more
 * @param source where the price came from, or where none was found
 * @param version which edition of it
 */
public record Charge(
    BigDecimal inputUsd,
    BigDecimal outputUsd,
    BigDecimal savedPrefixUsd,
    BigDecimal savedSpeculationUsd,
    String source,
    String version) {

  /** No money. */
  public static final BigDecimal NOTHING = BigDecimal.ZERO.setScale(DevicePrice.SCALE);

  static Charge unpriced(String source, String version) {
    return new Charge(null, null, null, null, source, version);
  }

  /** All of it; null if there is no price. */
  public BigDecimal totalUsd() {
    return inputUsd == null ? null : inputUsd.add(outputUsd);
  }

  /** Both together; without a known price if either is. Source and version are this one's. */
  public Charge plus(Charge other) {
    if (totalUsd() == null || other.totalUsd() == null) {
      return unpriced(source, version);
    }
    return new Charge(
        inputUsd.add(other.inputUsd),
        outputUsd.add(other.outputUsd),
        savedPrefixUsd.add(other.savedPrefixUsd),
        savedSpeculationUsd.add(other.savedSpeculationUsd),
        source,
        version);
  }

  /** An amount as records hold it; catalogue prices have no more places than that. */
  static BigDecimal scaled(BigDecimal usd) {
    return usd.setScale(DevicePrice.SCALE, RoundingMode.UNNECESSARY);
  }
}
