package io.millrace.jobs.report;

/**
 * How many prompts were settled, and how. Attempts at the same prompt count once.
 *
 * @param all prompts that have their final row
 * @param generated answered by a model
 * @param hits answered from the cache
 * @param coalesced answered with an equal prompt's answer
 * @param failed expired, failed or dead-lettered
 * @param unpriced of all, those whose final row has no known price
 */
public record Requests(
    long all, long generated, long hits, long coalesced, long failed, long unpriced) {

  /** Answered without a model's work. */
  public long reused() {
    return hits + coalesced;
  }

  /** Those whose cost is known. */
  public long priced() {
    return all - unpriced;
  }

  Requests plus(Requests other) {
    return new Requests(
        all + other.all,
        generated + other.generated,
        hits + other.hits,
        coalesced + other.coalesced,
        failed + other.failed,
        unpriced + other.unpriced);
  }
}
