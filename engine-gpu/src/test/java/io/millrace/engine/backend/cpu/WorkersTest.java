package io.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkersTest {
  private static final long MUCH = Long.MAX_VALUE;

  @Test
  void runsEveryUnitOnce() {
    AtomicIntegerArray runs = new AtomicIntegerArray(100);
    try (Workers workers = new Workers(3)) {
      for (int task = 0; task < 2_000; task++) {
        int units = 1 + task % 100;
        workers.run((unit, worker) -> runs.incrementAndGet(unit), units, MUCH);
      }
    }
    for (int unit = 0; unit < 100; unit++) {
      // unit u is part of the tasks of more than u units
      assertThat(runs.get(unit)).isEqualTo(20 * (100 - unit));
    }
  }

  @Test
  void sharesWorkThatIsLargeEnough() throws InterruptedException {
    Set<Integer> seen = ConcurrentHashMap.newKeySet();
    CountDownLatch both = new CountDownLatch(2);
    try (Workers workers = new Workers(2)) {
      // Each unit waits for the other: this only ends if two threads run them.
      Workers.Task meet =
          (unit, worker) -> {
            seen.add(worker);
            both.countDown();
            try {
              assertThat(both.await(30, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          };
      workers.run(meet, 2, MUCH);
    }
    assertThat(seen).containsExactlyInAnyOrder(0, 1);
  }

  @Test
  void keepsSmallWorkToItsCaller() {
    try (Workers workers = new Workers(3)) {
      Thread caller = Thread.currentThread();
      workers.run((unit, worker) -> assertThat(Thread.currentThread()).isSameAs(caller), 50, 1);
    }
  }

  @Test
  void aFailedUnitFailsTheOperationAndNotTheNext() {
    try (Workers workers = new Workers(2)) {
      assertThatThrownBy(
              () ->
                  workers.run(
                      (unit, worker) -> {
                        if (unit == 3) {
                          throw new ArithmeticException("unit 3");
                        }
                      },
                      8,
                      MUCH))
          .isInstanceOf(IllegalStateException.class)
          .hasRootCauseMessage("unit 3");
      workers.run((unit, worker) -> {}, 8, MUCH);
    }
  }

  @Test
  void closeEndsItsThreads() {
    Workers workers = new Workers(3);
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    workers.run((unit, worker) -> threads.add(Thread.currentThread()), 1_000, MUCH);
    workers.close();
    threads.remove(Thread.currentThread());
    assertThat(threads).noneMatch(Thread::isAlive);
    assertThatThrownBy(() -> new Workers(0)).hasMessage("threads is 0, must be 1 to 256");
  }
}
