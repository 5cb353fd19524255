package io.millrace.engine.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Puts segments of sequences together to a batch. */
final class BatchBuilder {
  private final int blockTokens;
  private final List<int[]> rows = new ArrayList<>(); // token, position, slot
  private final List<int[]> blockTables = new ArrayList<>();
  private final List<Integer> starts = new ArrayList<>(List.of(0));

  BatchBuilder(int blockTokens) {
    this.blockTokens = blockTokens;
  }

  /** Positions {@code from} to {@code to}, exclusive, of a sequence. */
  BatchBuilder add(int[] tokens, int from, int to, int... blockTable) {
    for (int i = from; i < to; i++) {
      int slot = blockTable[i / blockTokens] * blockTokens + i % blockTokens;
      rows.add(new int[] {tokens[i], i, slot});
    }
    blockTables.add(blockTable);
    starts.add(rows.size());
    return this;
  }

  /** Every row's logits are wanted. */
  ForwardBatch build() {
    int[] all = new int[rows.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = i;
    }
    return wanting(all);
  }

  /** Of some rows the logits are wanted. */
  ForwardBatch wanting(int... logitsRows) {
    return new ForwardBatch(
        column(0),
        column(1),
        column(2),
        starts.stream().mapToInt(Integer::intValue).toArray(),
        blockTables.toArray(int[][]::new),
        logitsRows);
  }

  private int[] column(int i) {
    return rows.stream().mapToInt(row -> row[i]).toArray();
  }

  /** Runs a batch and returns one array per row. */
  static float[][] run(LanguageModel model, ForwardBatch batch) {
    float[] logits = model.forward(batch);
    float[][] split = new float[batch.logitsRows().length][];
    for (int i = 0; i < split.length; i++) {
      split[i] = Arrays.copyOfRange(logits, i * model.vocabSize(), (i + 1) * model.vocabSize());
    }
    return split;
  }
}
