package io.millrace.jobs.anomaly;

/** Makes samples, usual but for what is said. */
record Samples(
    String tenant,
    boolean error,
    boolean generated,
    boolean cutOff,
    double usd,
    long totalMs,
    long outputTokens,
    long drafted,
    long accepted) {

  static Samples of(String tenant) {
    return new Samples(tenant, false, true, false, 0.001, 500, 100, 100, 80);
  }

  Samples usd(double usd) {
    return new Samples(
        tenant, error, generated, cutOff, usd, totalMs, outputTokens, drafted, accepted);
  }

  Samples totalMs(long totalMs) {
    return new Samples(
        tenant, error, generated, cutOff, usd, totalMs, outputTokens, drafted, accepted);
  }

  Samples outputTokens(long outputTokens) {
    return new Samples(
        tenant, error, generated, cutOff, usd, totalMs, outputTokens, drafted, accepted);
  }

  Samples accepted(long accepted) {
    return new Samples(
        tenant, error, generated, cutOff, usd, totalMs, outputTokens, drafted, accepted);
  }

  Samples failed() {
    return new Samples(
        tenant, true, generated, cutOff, usd, totalMs, outputTokens, drafted, accepted);
  }

  Samples stoppedAtItsLimit() {
    return new Samples(
        tenant, error, generated, true, usd, totalMs, outputTokens, drafted, accepted);
  }

  Samples fromCache() {
    return new Samples(tenant, error, false, cutOff, usd, totalMs, outputTokens, drafted, accepted);
  }

  CostSample at(long timeMs) {
    return new CostSample(
        tenant,
        "m",
        timeMs,
        true,
        error,
        generated,
        cutOff,
        usd,
        totalMs,
        outputTokens,
        drafted,
        accepted);
  }
}
