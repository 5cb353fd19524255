package io.millrace.jobs.report;

/**
 * One of the parts that each slice of time consists of.
 *
 * @param kind whose cost it is
 * @param name of a tenant or a model; null for other kinds, and where rows have none
 */
public record Layer(Kind kind, String name) {

  /** What a part holds. */
  public enum Kind {
    /** What the tenant's requests, or the model's, cost. */
    NAMED,
    /** What the requests of all others cost. */
    OTHERS,
    /** Device time that no request used. */
    IDLE,
    /** Device time whose work was lost, and rows of kinds that are not known. */
    RECOVERY
  }
}
