package io.millrace.engine.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A few daemon threads that share one operation's units of work with the thread that calls them.
 *
 * <p>The protocol. The owner publishes a task by writing {@link #task} and then {@link #unclaimed},
 * the number of units nobody has claimed. Everyone, the owner included, claims a unit by lowering
 * that number by one with a compare-and-set; who lowers it from n runs unit n - 1 and then raises
 * {@link #finished}. The owner returns when all units are finished, so the next task cannot be
 * published while a claimed unit still runs: whoever claimed a unit therefore reads the task that
 * the unit belongs to, even if it looked at {@code unclaimed} before that task was published.
 *
 * <p>Nobody ever waits for a thread to wake up. A worker that finds nothing to claim spins for a
 * while, because the next operation of the same step is microseconds away, and then parks; the
 * owner wakes parked workers only for work that outweighs the wake-up, and otherwise computes
 * without them.
 */
final class Workers implements AutoCloseable {

  /** One operation, cut into units that may run on any thread in any order. */
  interface Task {
    /**
     * @param worker who runs the unit, 0 to threads - 1: which scratch memory is its own
     */
    void run(int unit, int worker);
  }

  static final int THREADS_MAX = 256;

  /** Multiply-adds below which sharing costs more than it gains, and those worth a wake-up. */
  private static final long SHARE_MIN = 200_000;

  private static final long WAKE_MIN = 1_000_000;

  /** Spins before a worker parks: some 50 microseconds. */
  private static final int SPINS_MAX = 1_000;

  private final Worker[] workers;
  private final AtomicInteger unclaimed = new AtomicInteger();
  private final AtomicInteger finished = new AtomicInteger();
  private Task task;
  private volatile Throwable failure;
  private volatile boolean closed;

  /**
   * @param threads threads that compute, the caller's included; 1 starts none
   */
  Workers(int threads) {
    if (threads < 1 || threads > THREADS_MAX) {
      throw new IllegalArgumentException("threads is " + threads + ", must be 1 to " + THREADS_MAX);
    }
    workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1);
      workers[i].start();
    }
  }

  int threads() {
    return workers.length + 1;
  }

  /**
   * Runs all units of a task and returns when they are done.
   *
   * @param work multiply-adds, or what weighs as much, in all units together
   */
  @SuppressWarnings("ThreadPriorityCheck") // the yield only hands over an oversubscribed processor
  void run(Task task, int units, long work) {
    if (workers.length == 0 || units == 1 || work < SHARE_MIN) {
      for (int unit = 0; unit < units; unit++) {
        task.run(unit, 0);
      }
      return;
    }
    this.task = task;
    failure = null;
    finished.set(0);
    unclaimed.set(units);
    if (work >= WAKE_MIN) {
      for (Worker worker : workers) {
        worker.wake();
      }
    }
    while (claimAndRun(0)) {}
    for (int spins = 0; finished.get() < units; spins++) {
      if (spins < SPINS_MAX) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure != null) {
      throw new IllegalStateException("an operation failed on a worker thread", failure);
    }
  }

  /** Runs one unit if there is one to claim. */
  private boolean claimAndRun(int worker) {
    int left = unclaimed.get();
    while (left > 0) {
      if (unclaimed.compareAndSet(left, left - 1)) {
        try {
          task.run(left - 1, worker);
        } catch (RuntimeException | Error e) {
          failure = e;
        } finally {
          finished.getAndIncrement();
        }
        return true;
      }
      left = unclaimed.get();
    }
    return false;
  }

  @Override
  public void close() {
    closed = true;
    for (Worker worker : workers) {
      LockSupport.unpark(worker);
    }
    boolean interrupted = false;
    for (Worker worker : workers) {
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Worker extends Thread {
    private final int index;
    private volatile boolean parked;

    Worker(int index) {
      super("millrace-cpu-" + index);
      this.index = index;
      setDaemon(true);
    }

    void wake() {
      if (parked) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      int spins = 0;
      while (!closed) {
        if (claimAndRun(index)) {
          spins = 0;
        } else if (++spins < SPINS_MAX) {
          Thread.onSpinWait();
        } else {
          parked = true; // before the last look, so that whoever publishes later sees it
          if (unclaimed.get() == 0 && !closed) {
            LockSupport.park(Workers.this);
          }
          parked = false;
          spins = 0;
        }
      }
    }
  }
}
