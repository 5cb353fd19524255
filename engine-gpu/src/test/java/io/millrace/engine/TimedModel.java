package io.millrace.engine;

import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.ForwardingModel;
import java.util.function.IntToLongFunction;
import java.util.function.LongConsumer;

/** A {@link FakeModel} whose passes take made-up time, and that errs now and then. */
final class TimedModel extends ForwardingModel {
  private final IntToLongFunction nanosOfRows;
  private final LongConsumer clock;
  private final int errorEvery;
  private int rowsUntilError;

  /**
   * @param clock is told how much time passes
   * @param errorEvery rows of logits from one wrong one to the next; 0 for none
   */
  TimedModel(FakeModel model, IntToLongFunction nanosOfRows, LongConsumer clock, int errorEvery) {
    super(model);
    this.nanosOfRows = nanosOfRows;
    this.clock = clock;
    this.errorEvery = errorEvery;
    this.rowsUntilError = errorEvery;
  }

  @Override
  public float[] forward(ForwardBatch batch) {
    clock.accept(nanosOfRows.applyAsLong(batch.rows()));
    float[] logits = super.forward(batch);
    for (int row = 0; row < batch.logitsRows().length; row++) {
      if (errorEvery > 0 && --rowsUntilError == 0) {
        rowsUntilError = errorEvery;
        for (int token = 0; token < vocabSize(); token++) {
          logits[row * vocabSize() + token] *= -1;
        }
      }
    }
    return logits;
  }
}
