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

  /**
   * Checks everything a model relies on, so that a kernel never reads or writes where it must not.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  public void check(LanguageModel model) {
    int rows = rows();
    require(rows > 0, "it has no rows");
    require(positions.length == rows && slots.length == rows, "its arrays differ in length");
    require(segmentStarts.length == segments() + 1, "its segments and block tables differ");
    require(segmentStarts[0] == 0, "the first segment does not start at row 0");
    require(segmentStarts[segments()] == rows, "the last segment does not end at the last row");
    int slotsMax = model.kvBlocks() * model.blockTokens();
    for (int segment = 0; segment < segments(); segment++) {
      int from = segmentStarts[segment];
      int to = segmentStarts[segment + 1];
      require(from < to, "segment " + segment + " has no rows");
      for (int row = from; row < to; row++) {
        within("token", tokens[row], model.vocabSize());
        within("position", positions[row], model.contextLength());
        within("slot", slots[row], slotsMax);
        require(
            row == from || positions[row] == positions[row - 1] + 1,
            "the positions of segment " + segment + " are not consecutive");
      }
      int blocks = positions[to - 1] / model.blockTokens() + 1;
      require(
          blockTables[segment].length >= blocks,
          "the block table of segment " + segment + " is too short");
      for (int i = 0; i < blocks; i++) {
        within("block", blockTables[segment][i], model.kvBlocks());
      }
    }
    for (int i = 0; i < logitsRows.length; i++) {
      within("logits row", logitsRows[i], rows);
      require(i == 0 || logitsRows[i - 1] < logitsRows[i], "the logits rows are not ascending");
    }
  }

  private static void within(String what, int value, int end) {
    if (value < 0 || value >= end) {
      throw new IllegalArgumentException(
          "the batch is wrong: " + what + " " + value + " is not in 0 to " + (end - 1));
    }
  }

  private static void require(boolean ok, String problem) {
    if (!ok) {
      throw new IllegalArgumentException("the batch is wrong: " + problem);
    }
  }
}
