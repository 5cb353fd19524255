package io.millrace.jobs.report;

/**
 * The rows of one tenant or one model.
 *
 * @param name its name, as the rows have it: anyone may have chosen it; null if they have none
 * @param sums what they add up to
 */
public record Group(String name, Sums sums) {}
