package io.millrace.engine.bench;

import io.millrace.engine.SamplingParams;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.kvcache.BlockTable;
import io.millrace.engine.model.BatchLayout;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.Transformer;
import io.millrace.engine.model.Weights;
import io.millrace.engine.sampling.RowDraws;
import io.millrace.engine.sampling.TokenHistory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Steps of a model over sequences of one length, timed as a host sees them: from the laid out batch
 * to the drawn tokens. Which tokens are read is made up; how long a step takes does not depend on
 * them. Sequences share no blocks, so that no cache of the device holds their keys and values.
 */
final class StepRun implements AutoCloseable {
  private static final int BLOCK_TOKENS = 16;

  /** Positions that decoding goes through, again and again. */
  private static final int DECODED = 128;

  private static final int WARM_UP_STEPS = 5;

  /** Of the time of measuring, at least, so that the host's code is compiled. */
  private static final double WARM_UP_SHARE = 1 / 3.0;

  private static final int STEPS_MAX = 2_000;
  private static final SamplingParams GREEDY = SamplingParams.greedy(1);

  private final Transformer model;
  private final int context;
  private final LongSupplier nanoClock;
  private final List<BlockTable> tables = new ArrayList<>();
  private int filled;

  /**
   * @param weights loaded by a backend of this kind
   * @param sequencesMax most sequences at once
   * @param context tokens of each prompt
   * @throws IllegalStateException if there is not the memory
   */
  StepRun(
      Weights weights,
      Backend backend,
      KvType kv,
      int sequencesMax,
      int context,
      LongSupplier nanoClock) {
    this.context = context;
    this.nanoClock = nanoClock;
    int blocksEach = (context + DECODED + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
    int blocks = Math.multiplyExact(sequencesMax, blocksEach);
    model = new Transformer(weights, backend, blocks, BLOCK_TOKENS, context + DECODED, kv);
    BlockPool pool = new BlockPool(blocks, BLOCK_TOKENS);
    for (int i = 0; i < sequencesMax; i++) {
      BlockTable table = new BlockTable(pool);
      table.grow(context + DECODED);
      tables.add(table);
    }
  }

  /** Made-up tokens of a sequence. */
  private record Tokens(int sequence, int vocabSize) implements TokenHistory {
    @Override
    public int length() {
      return Integer.MAX_VALUE;
    }

    @Override
    public int token(int position) {
      return (int) ((1_000_003L * sequence + 7_919L * position) % vocabSize);
    }
  }

  /** Nanoseconds of a prompt's one step, the median. */
  double prompt(double seconds) {
    return median(seconds, step -> forward(0, 1, 0, context));
  }

  /**
   * Computes the prompts of the first sequences, as far as time allows; the keys and values of the
   * others stay what memory held.
   *
   * @return how many sequences have their prompt's now
   */
  int fill(int sequences, double seconds) {
    long end = nanoClock.getAsLong() + (long) (1e9 * seconds);
    while (filled < sequences && nanoClock.getAsLong() < end) {
      forward(filled, filled + 1, 0, context);
      filled++;
    }
    return Math.min(filled, sequences);
  }

  /** Nanoseconds of a step that decodes a token of each of the first sequences, the median. */
  double decode(int sequences, double seconds) {
    return median(
        seconds,
        step -> {
          int at = context + step % DECODED;
          return forward(0, sequences, at, at + 1);
        });
  }

  /** A step, nanoseconds. */
  private interface Step {
    long run(int number);
  }

  private double median(double seconds, Step step) {
    long warm = nanoClock.getAsLong() + (long) (1e9 * seconds * WARM_UP_SHARE);
    for (int i = 0; i < WARM_UP_STEPS || nanoClock.getAsLong() < warm; i++) {
      step.run(i);
    }
    long end = nanoClock.getAsLong() + (long) (1e9 * seconds);
    long[] nanos = new long[STEPS_MAX];
    int steps = 0;
    do {
      nanos[steps] = step.run(steps);
      steps++;
    } while (steps < STEPS_MAX && nanoClock.getAsLong() < end);
    Arrays.sort(nanos, 0, steps);
    return nanos[steps / 2];
  }

  private long forward(int firstSequence, int endSequence, int from, int to) {
    BatchLayout layout = new BatchLayout();
    RowDraws draws = new RowDraws(model.vocabSize());
    for (int i = firstSequence; i < endSequence; i++) {
      layout.add(new Tokens(i, model.vocabSize()), from, to, tables.get(i), 1);
      draws.add(GREEDY, 0);
    }
    ForwardBatch batch = layout.batch();
    long start = nanoClock.getAsLong();
    if (model.draws()) { // as steps of the engine do
      int[] unused = model.draw(batch, draws);
    } else {
      float[] unused = model.forward(batch);
    }
    return nanoClock.getAsLong() - start;
  }

  @Override
  public void close() {
    model.close();
  }
}
