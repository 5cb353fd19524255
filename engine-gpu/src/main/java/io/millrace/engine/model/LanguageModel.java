package io.millrace.engine.model;

import io.millrace.engine.sampling.RowDraws;

/**
 * A decoder that computes logits for a flat batch of tokens, keeping keys and values in a paged
 * cache of its own.
 *
 * <p>What a row's logits are depends only on the tokens of its own sequence up to its position:
 * never on the batch, the chunking or the number of threads, to the last bit.
 */
public interface LanguageModel extends AutoCloseable {

  /** Tokens in the vocabulary: the width of a row of logits. */
  int vocabSize();

  /** Most positions of one sequence. */
  int contextLength();

  /** KV blocks in the cache. Block ids are 0 to this, exclusive. */
  int kvBlocks();

  /** Tokens in one KV block. */
  int blockTokens();

  /**
   * Computes one step: writes the batch's keys and values to their slots and returns the logits of
   * the rows that asked for them.
   *
   * @return float32 {@code [batch.logitsRows().length][vocabSize]}, row-major, rows in the order
   *     asked; the array is reused by the next call
   */
  float[] forward(ForwardBatch batch);

  /** Whether it can {@link #draw}. */
  default boolean draws() {
    return false;
  }

  /**
   * Computes one step like {@link #forward}, and draws the tokens of the rows that asked for logits
   * where these are: a large vocabulary's take longer to carry to the host than to compute.
   *
   * @param draws how, one row for each that asked
   * @return for each of them its token, or -1 where none can be drawn
   * @throws UnsupportedOperationException unless it {@link #draws}
   */
  default int[] draw(ForwardBatch batch, RowDraws draws) {
    throw new UnsupportedOperationException("this model draws no tokens");
  }

  @Override
  void close();
}
