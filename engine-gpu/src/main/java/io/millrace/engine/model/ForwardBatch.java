package io.millrace.engine.model;

/**
 * One step's tokens as flat arrays. The rows of a segment are consecutive positions of one
 * sequence; segments stand one after another.
 *
 * @param tokens {@code [rows]} token ids
 * @param positions {@code [rows]} position of each token in its sequence, from 0
 * @param slots {@code [rows]} where each token's key and value go: block id x block tokens + offset
 * @param segmentStarts {@code [segments + 1]} first row of each segment, then the number of rows
 * @param blockTables {@code [segments][>= blocks needed]} the block ids of each segment's sequence,
 *     in order of position; they cover all positions up to the segment's last
 * @param logitsRows rows whose logits are wanted, ascending
 */
public record ForwardBatch(
    int[] tokens,
    int[] positions,
    int[] slots,
    int[] segmentStarts,
    int[][] blockTables,
    int[] logitsRows) {

  public int rows() {
    return tokens.length;
  }

  public int segments() {
    return blockTables.length;
  }
}
