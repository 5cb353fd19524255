package io.millrace.engine.model;

import io.millrace.engine.kvcache.BlockTable;
import io.millrace.engine.sampling.TokenHistory;
import java.util.Arrays;

/**
 * Lays sequences' tokens out as the flat arrays of a {@link ForwardBatch}, one after another. Not
 * thread-safe.
 */
public final class BatchLayout {
  private int[] tokens = new int[16];
  private int[] positions = new int[16];
  private int[] slots = new int[16];
  private int[] logitsRows = new int[16];
  private int[] segmentStarts = new int[16];
  private int[][] blockTables = new int[16][];
  private int rows;
  private int segments;
  private int wanted;

  /** Starts an empty batch. */
  public void clear() {
    rows = 0;
    segments = 0;
    wanted = 0;
  }

  /**
   * Adds a segment: positions {@code from} to {@code to} of a sequence.
   *
   * @param history holds those tokens at least
   * @param to exclusive, greater than {@code from}
   * @param blockTable has room for them
   * @param logits how many of the last rows' logits are wanted
   */
  public void add(TokenHistory history, int from, int to, BlockTable blockTable, int logits) {
    reserve(rows + to - from);
    segmentStarts[segments] = rows;
    blockTables[segments] = blockTable.blocks();
    segments++;
    for (int position = from; position < to; position++, rows++) {
      tokens[rows] = history.token(position);
      positions[rows] = position;
      slots[rows] = blockTable.slot(position);
    }
    for (int row = rows - logits; row < rows; row++) {
      logitsRows[wanted++] = row;
    }
  }

  /** Rows so far. */
  public int rows() {
    return rows;
  }

  /** The batch; the block tables in it are the tables' own. */
  public ForwardBatch batch() {
    segmentStarts[segments] = rows;
    return new ForwardBatch(
        Arrays.copyOf(tokens, rows),
        Arrays.copyOf(positions, rows),
        Arrays.copyOf(slots, rows),
        Arrays.copyOf(segmentStarts, segments + 1),
        Arrays.copyOf(blockTables, segments),
        Arrays.copyOf(logitsRows, wanted));
  }

  /** There are never more segments or wanted rows than rows. */
  private void reserve(int needed) {
    if (needed >= tokens.length) {
      int length = Math.max(needed + 1, 2 * tokens.length);
      tokens = Arrays.copyOf(tokens, length);
      positions = Arrays.copyOf(positions, length);
      slots = Arrays.copyOf(slots, length);
      logitsRows = Arrays.copyOf(logitsRows, length);
      segmentStarts = Arrays.copyOf(segmentStarts, length);
      blockTables = Arrays.copyOf(blockTables, length);
    }
  }
}
