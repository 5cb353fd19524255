package io.millrace.engine;

import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.LanguageModel;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntUnaryOperator;

/**
 * A model whose logits are a hash of the whole prefix, read back from its own cache: it keeps each
 * token in the slot that the batch names, and finds the prefix through the block table. A wrong
 * slot, table or position, or a block shared that holds something else, gives another text, or
 * fails at once; so does a write to a block that two sequences of the step share.
 */
public final class FakeModel implements LanguageModel {
  public static final int VOCAB_SIZE = new FakeTokenizer().vocabSize();

  private final int kvBlocks;
  private final int blockTokens;
  private final int[] tokenOfSlot;

  /** A sequence whose first token is this gets a NaN among its logits. */
  int nanFirstToken = -1;

  /** A batch with a sequence whose first token is this fails. */
  int failingFirstToken = -1;

  boolean closed;

  public FakeModel(int kvBlocks, int blockTokens) {
    this.kvBlocks = kvBlocks;
    this.blockTokens = blockTokens;
    this.tokenOfSlot = new int[kvBlocks * blockTokens];
    Arrays.fill(tokenOfSlot, -1);
  }

  /** The logits that follow a prefix: each in [-4, 4), all at random. */
  public static float[] logits(int[] prefix) {
    return logits(prefix.length, position -> prefix[position]);
  }

  private static float[] logits(int length, IntUnaryOperator prefix) {
    long hash = 0;
    for (int position = 0; position < length; position++) {
      hash = mix(hash + prefix.applyAsInt(position) + 1);
    }
    float[] logits = new float[VOCAB_SIZE];
    for (int token = 0; token < VOCAB_SIZE; token++) {
      logits[token] = (mix(hash ^ mix(token + 1)) >>> 40) * 0x1p-21f - 4;
    }
    return logits;
  }

  @Override
  public float[] forward(ForwardBatch batch) {
    checkWrites(batch);
    float[] logits = new float[batch.logitsRows().length * VOCAB_SIZE];
    int wanted = 0;
    for (int segment = 0; segment < batch.segments(); segment++) {
      int from = batch.segmentStarts()[segment];
      int to = batch.segmentStarts()[segment + 1];
      int[] table = batch.blockTables()[segment];
      for (int row = from; row < to; row++) {
        check(batch.positions()[row] == batch.positions()[from] + row - from, "a gap in positions");
        tokenOfSlot[batch.slots()[row]] = batch.tokens()[row];
      }
      int firstToken = tokenOfSlot[table[0] * blockTokens];
      if (firstToken == failingFirstToken) {
        throw new IllegalStateException("out of\nmemory");
      }
      while (wanted < batch.logitsRows().length && batch.logitsRows()[wanted] < to) {
        int rowLength = batch.positions()[batch.logitsRows()[wanted]] + 1;
        float[] row = logits(rowLength, position -> read(table, position));
        if (firstToken == nanFirstToken) {
          row[7] = Float.NaN;
        }
        System.arraycopy(row, 0, logits, wanted++ * VOCAB_SIZE, VOCAB_SIZE);
      }
    }
    check(wanted == batch.logitsRows().length, "a row beyond the batch");
    return logits;
  }

  /** Nobody but the segment that writes to a block may have it in its table. */
  private void checkWrites(ForwardBatch batch) {
    BitSet read = new BitSet();
    BitSet written = new BitSet();
    for (int segment = 0; segment < batch.segments(); segment++) {
      int firstWritten = batch.positions()[batch.segmentStarts()[segment]] / blockTokens;
      int last = batch.positions()[batch.segmentStarts()[segment + 1] - 1] / blockTokens;
      for (int b = 0; b <= last; b++) {
        int block = batch.blockTables()[segment][b];
        check(!written.get(block), "a block that one segment writes to and another has");
        if (b < firstWritten) {
          read.set(block);
        } else {
          check(!read.get(block), "a block that one segment has and another writes to");
          written.set(block);
        }
      }
    }
  }

  @Override
  public int vocabSize() {
    return VOCAB_SIZE;
  }

  @Override
  public int contextLength() {
    return 1 << 20;
  }

  @Override
  public int kvBlocks() {
    return kvBlocks;
  }

  @Override
  public int blockTokens() {
    return blockTokens;
  }

  @Override
  public void close() {
    closed = true;
  }

  private int read(int[] table, int position) {
    int token = tokenOfSlot[table[position / blockTokens] * blockTokens + position % blockTokens];
    check(token >= 0, "a slot read before it was written");
    return token;
  }

  /** An Error, which the engine does not take for a failure of the model. */
  private static void check(boolean valid, String problem) {
    if (!valid) {
      throw new AssertionError("the batch has " + problem);
    }
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 33)) * 0xff51afd7ed558ccdL;
    z = (z ^ (z >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return z ^ (z >>> 33);
  }
}
