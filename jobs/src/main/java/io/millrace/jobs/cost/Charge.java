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
 * @param savedBatchUsd what the standard tier would have cost more; negative where it costs less;
 *     null also where only the standard tier has no price
 * @param tier whose price it is; null is the standard one
 * @param source where the price came from, or where none was found
 * @param version which edition of it
 */
public record Charge(
    BigDecimal inputUsd,
    BigDecimal outputUsd,
    BigDecimal savedPrefixUsd,
    BigDecimal savedSpeculationUsd,
    BigDecimal savedBatchUsd,
    String tier,
    String source,
    String version) {

  /** No money. */
  public static final BigDecimal NOTHING = BigDecimal.ZERO.setScale(DevicePrice.SCALE);

  static Charge unpriced(String tier, String source, String version) {
    return new Charge(null, null, null, null, null, tier, source, version);
  }

  /** All of it; null if there is no price. */
  public BigDecimal totalUsd() {
    return inputUsd == null ? null : inputUsd.add(outputUsd);
  }

  /** Both together; without a known price if either is. Tier, source, version are this one's. */
  public Charge plus(Charge other) {
    if (totalUsd() == null || other.totalUsd() == null) {
      return unpriced(tier, source, version);
    }
    return new Charge(
        inputUsd.add(other.inputUsd),
        outputUsd.add(other.outputUsd),
        savedPrefixUsd.add(other.savedPrefixUsd),
        savedSpeculationUsd.add(other.savedSpeculationUsd),
        savedBatchUsd == null || other.savedBatchUsd == null
            ? null
            : savedBatchUsd.add(other.savedBatchUsd),
        tier,
        source,
        version);
  }

  /** What prefix cache, drafts and tier saved together; null if one of that is not known. */
  public BigDecimal savedUsd() {
    return savedPrefixUsd == null || savedBatchUsd == null
        ? null
        : savedPrefixUsd.add(savedSpeculationUsd).add(savedBatchUsd);
  }

  /** An amount as records hold it; catalogue prices have no more places than that. */
  static BigDecimal scaled(BigDecimal usd) {
    return usd.setScale(DevicePrice.SCALE, RoundingMode.UNNECESSARY);
  }
}
