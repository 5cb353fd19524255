package io.millrace.engine.speculative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.millrace.engine.FakeModel;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.ForwardingModel;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PassTimesTest {
  private static final long PLENTY = Duration.ofMinutes(1).toNanos();

  private final Random random = new Random(1);
  private long nanos;

  @Test
  void timesAreTheUndisturbedOnesOfThisManyRows() {
    BlockPool pool = new BlockPool(40, 16);
    PassTimes times = PassTimes.measure(model(1_000, 100, 1), pool, PLENTY, () -> nanos);
    for (int rows : new int[] {1, 2, 5, 13, 40, 128, 300}) {
      assertThat(times.nanos(rows)).as("%d rows", rows).isCloseTo(1_000 + 100 * rows, within(1.0));
    }
    assertThat(times.nanos(0)).isZero();
    assertThat(pool.available()).isEqualTo(40);
  }

  @Test
  void whatIsSlowBeforeItIsCompiledDoesNotCount() {
    PassTimes times =
        PassTimes.measure(model(1_000, 100, 60), new BlockPool(40, 16), PLENTY, () -> nanos);
    assertThat(times.nanos(13)).isCloseTo(2_300, within(1.0));
  }

  @Test
  void aSlowModelIsMeasuredWithFewRowsAndNotForLong() {
    long row = Duration.ofMillis(100).toNanos();
    PassTimes times =
        PassTimes.measure(
            model(0, row, 0), new BlockPool(40, 16), Duration.ofSeconds(1).toNanos(), () -> nanos);
    assertThat(nanos).isLessThan(Duration.ofSeconds(9).toNanos());
    assertThat(times.nanos(64)).isCloseTo(64.0 * row, within(0.4 * 64 * row));
  }

  @Test
  void aPoolWithoutRoomTellsNothing() {
    BlockPool pool = new BlockPool(1, 16);
    pool.allocate();
    PassTimes times = PassTimes.measure(model(1_000, 100, 1), pool, PLENTY, () -> nanos);
    assertThat(times.nanos(7)).isZero();
  }

  /** Takes some time and some more for each row, longer in its first passes and now and then. */
  private ForwardingModel model(long fixed, long perRow, int slowPasses) {
    return new ForwardingModel(new FakeModel(40, 16)) {
      private int passes;

      @Override
      public float[] forward(ForwardBatch batch) {
        boolean slow = ++passes <= slowPasses || (slowPasses > 0 && random.nextInt(4) == 0);
        long factor = slow ? 20 : 1;
        nanos += factor * (fixed + perRow * batch.rows());
        return super.forward(batch);
      }
    };
  }
}
