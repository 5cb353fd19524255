package io.millrace.jobs.cli.progress;

import io.millrace.jobs.cli.events.Tally;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * How far some work is.
 *
 * @param done prompts settled
 * @param total prompts in all, or nothing where that is not known
 * @param doneBefore of {@code done}, those that an earlier run settled
 * @param reused answers from the cache or shared
 * @param generatedTokens tokens generated in this run
 * @param costUsd so far
 * @param unpriced answers whose cost has no known price
 * @param seconds since this run began to work
 */
public record Progress(
    long done,
    OptionalLong total,
    long doneBefore,
    long reused,
    long generatedTokens,
    BigDecimal costUsd,
    long unpriced,
    double seconds) {

  /**
   * @param all what was settled in all runs
   * @param thisRun what of it was settled in this one
   * @param seconds since this run began to work
   */
  public static Progress of(Tally all, Tally thisRun, OptionalLong total, double seconds) {
    return new Progress(
        all.settled(),
        total,
        all.settled() - thisRun.settled(),
        all.hits() + all.coalesced(),
        thisRun.generatedTokens(),
        all.costUsd(),
        all.unpriced(),
        seconds);
  }

  /** Tokens generated a second in this run. */
  public double tokensPerSecond() {
    return seconds <= 0 ? 0 : generatedTokens / seconds;
  }

  /** One line: {@code 120/1,000 12 % 850 tokens/s 31 cached $0.000123 1m10s left}. */
  public String line() {
    StringBuilder line = new StringBuilder();
    line.append(Format.count(done));
    if (total.isPresent()) {
      line.append('/').append(Format.count(total.getAsLong()));
      line.append(
          String.format(
              Locale.ROOT,
              "  %d %%",
              total.getAsLong() == 0 ? 100 : 100 * done / total.getAsLong()));
    } else {
      line.append(" answered");
    }
    line.append("  ").append(Format.rate(tokensPerSecond())).append(" tokens/s");
    line.append("  ").append(Format.count(reused)).append(" cached");
    line.append("  ").append(Format.usd(costUsd, unpriced));
    if (total.isPresent() && done < total.getAsLong()) {
      line.append("  ").append(left(total.getAsLong()));
    }
    return line.toString();
  }

  private String left(long of) {
    long doneNow = done - doneBefore;
    if (doneNow <= 0 || seconds <= 0) {
      return "time left unknown";
    }
    return Format.duration((long) Math.ceil((of - done) * seconds / doneNow)) + " left";
  }
}
