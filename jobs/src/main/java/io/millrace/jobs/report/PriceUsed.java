package io.millrace.jobs.report;

/**
 * A price that rows were charged by.
 *
 * @param model charged; null if the rows name none
 * @param source where the price came from; null in rows of earlier versions that had none
 * @param version which edition
 * @param tier null is the standard one
 * @param rows how many
 * @param unpriced of these, how many have no known price
 */
public record PriceUsed(
    String model, String source, String version, String tier, long rows, long unpriced) {}
