package io.millrace.jobs.trace;

import io.millrace.jobs.metrics.TraceCounters;
import io.millrace.jobs.metrics.TraceCounters.Loss;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The spans on their way to one receiver. Whoever offers a span never waits: what does not fit is
 * dropped and counted. A thread, begun with the first span, exports batches one after another;
 * after one that failed it pauses, longer each time, so that a receiver in trouble is left alone.
 * What failed is lost: the ledger is the truth, traces are a view.
 */
final class SpanQueue {
  private static final Logger LOG = LoggerFactory.getLogger(SpanQueue.class);
  private static final int BATCH_MAX = 512;
  private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long PAUSE_MIN_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long PAUSE_MAX_NANOS = TimeUnit.SECONDS.toNanos(30);

  // Configuration.
  private final String name;
  private final int capacity;
  private final Duration timeout;
  private final Supplier<SpanExporter> opener;
  private final TraceCounters counters;

  // Guarded by the lock.
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<SpanData> waiting = new ArrayDeque<>();
  private Thread thread;
  private boolean ending;
  private boolean abandoned;

  // The thread's.
  private SpanExporter exporter;
  private long pauseNanos;

  /**
   * @param capacity spans that may wait
   * @param timeout of one export
   * @param opener makes the exporter, on the queue's thread
   */
  SpanQueue(
      String name,
      int capacity,
      Duration timeout,
      Supplier<SpanExporter> opener,
      TraceCounters counters) {
    this.name = name;
    this.capacity = capacity;
    this.timeout = timeout;
    this.opener = opener;
    this.counters = counters;
  }

  /** Takes a span, or drops it; returns at once. */
  void offer(SpanData span) {
    lock.lock();
    try {
      if (ending || waiting.size() == capacity) {
        counters.lost(ending ? Loss.SHUTDOWN : Loss.QUEUE_FULL, 1);
        return;
      }
      waiting.add(span);
      if (thread == null) {
        thread = new Thread(this::run, "traces to " + name);
        thread.setDaemon(true);
        thread.start();
      } else if (waiting.size() == 1 || waiting.size() == batchMax()) {
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Has the thread send what is left, and end. */
  void end() {
    lock.lock();
    try {
      ending = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for that, but not after the deadline; then what is left is lost. */
  void awaitEnd(long deadlineNanos) {
    Thread sender;
    lock.lock();
    try {
      sender = thread;
    } finally {
      lock.unlock();
    }
    if (sender == null) {
      return;
    }
    try {
      TimeUnit.NANOSECONDS.timedJoin(sender, deadlineNanos - System.nanoTime());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    lock.lock();
    try {
      abandoned = true;
      counters.lost(Loss.SHUTDOWN, waiting.size());
      waiting.clear();
    } finally {
      lock.unlock();
    }
    sender.interrupt();
  }

  private void run() {
    try {
      for (List<SpanData> batch = take(); !batch.isEmpty(); batch = take()) {
        export(batch);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (exporter != null) {
        exporter.shutdown();
      }
    }
  }

  /** The next batch; empty at the end. */
  private List<SpanData> take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      awaitUnless(pauseNanos, Integer.MAX_VALUE);
      while (waiting.isEmpty() && !ending) {
        changed.await();
      }
      awaitUnless(LINGER_NANOS, batchMax());
      List<SpanData> batch = new ArrayList<>();
      while (!abandoned && !waiting.isEmpty() && batch.size() < batchMax()) {
        batch.add(waiting.remove());
      }
      return batch;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for so long, or until so many spans are there or no more will come. */
  private void awaitUnless(long nanos, int spans) throws InterruptedException {
    long left = nanos;
    while (left > 0 && waiting.size() < spans && !ending) {
      left = changed.awaitNanos(left);
    }
  }

  private void export(List<SpanData> batch) {
    Throwable failure = null;
    boolean sent = false;
    try {
      if (exporter == null) {
        exporter = opener.get();
      }
      CompletableResultCode result =
          exporter.export(batch).join(2 * timeout.toMillis(), TimeUnit.MILLISECONDS);
      sent = result.isSuccess();
      failure = result.getFailureThrowable();
    } catch (RuntimeException e) {
      failure = e;
    }
    if (sent) {
      counters.sent(batch.size());
      if (pauseNanos > 0) {
        LOG.info("traces are sent to {} again", name);
      }
      pauseNanos = 0;
      return;
    }
    counters.failed();
    counters.lost(Loss.EXPORT_FAILED, batch.size());
    if (pauseNanos == 0) {
      LOG.warn(
          "traces cannot be sent to {}, and are dropped: {}", name, ExportFailure.reason(failure));
    }
    pauseNanos = Math.min(PAUSE_MAX_NANOS, Math.max(PAUSE_MIN_NANOS, 2 * pauseNanos));
  }

  private int batchMax() {
    return Math.min(capacity, BATCH_MAX);
  }
}
