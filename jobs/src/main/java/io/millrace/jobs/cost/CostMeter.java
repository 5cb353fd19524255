package io.millrace.jobs.cost;

import io.millrace.engine.RemoteUsage;
import java.math.BigDecimal;

/**
 * Turns work into money, where the work is done.
 *
 * <p>Two kinds: a device is paid for its time ({@link DeviceMeter}), whoever uses it and also while
 * nobody does; tokens are paid for by the piece ({@link TokenMeter}), and time without them costs
 * nothing. Charges of one meter add up: that of two pieces of work is the sum of theirs, as long as
 * the price is the same.
 */
public interface CostMeter {
  /**
   * What was done for a prompt.
   *
   * @param nowMs when it was done, epoch milliseconds: prices change
   */
  Charge work(Work work, long nowMs);

  /**
   * Device time that no prompt can be charged with: idle, or lost by a failure.
   *
   * @param nanos nanoseconds
   * @param nowMs when it ended, epoch milliseconds
   * @return a charge without input, and with all of it as output
   */
  Charge time(long nanos, long nowMs);

  /**
   * What a remote model's answer costs.
   *
   * @param model the configured name of the model that answered
   * @param usage what it is billed for; null if nobody says, and then the cost is not known
   * @param serviceTier the tier that the server says it served, or null
   * @param nowMs when it was done, epoch milliseconds
   */
  default Charge call(String model, RemoteUsage usage, String serviceTier, long nowMs) {
    throw new IllegalStateException("model " + model + " is remote, and billed as if it were not");
  }

  /** A device's price, and what to call it. */
  record DeviceRate(DevicePrice price, String source, String version) {
    BigDecimal usd(long nanos) {
      return price.of(nanos);
    }
  }
}
