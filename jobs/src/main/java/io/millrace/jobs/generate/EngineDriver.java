package io.millrace.jobs.generate;

import io.millrace.engine.Engine;
import io.millrace.engine.EngineStats;
import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.RequestRejectedException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.util.function.ThrowingRunnable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects an engine's thread with a task's mailbox.
 *
 * <p>The protocol: the task's thread calls {@link #submit} and {@link #cancel}; the engine's thread
 * feeds the engine, steps it, and posts what each step did as one mail, which the task's thread
 * runs. The engine is touched by the engine's thread alone, state and outputs by the task's alone.
 * At most {@link #MAILS_MAX} mails wait: a task held up by back-pressure holds up its engine. While
 * there is nothing to tell, a tick comes every {@link #TICK_MS}, so that a task that waits in its
 * mailbox looks up now and then.
 */
final class EngineDriver {
  private static final Logger LOG = LoggerFactory.getLogger(EngineDriver.class);
  private static final int MAILS_MAX = 4;
  private static final long TICK_MS = 100;

  /**
   * What a mail brings.
   *
   * @param updates of the requests that moved
   * @param rejections requests that the engine did not take
   * @param stats the engine's load after the step
   * @param atNanos when the step had ended: this mail and those before tell all that was done till
   *     then
   */
  record StepResult(
      List<GenerationUpdate> updates,
      List<Rejection> rejections,
      EngineStats stats,
      long atNanos) {}

  /** A request that the engine will not take as it is, or broke on; with a line that says why. */
  record Rejection(String requestId, String reason, boolean retryable) {}

  /** Runs in the task's thread. */
  @FunctionalInterface
  interface Listener {
    void onStep(StepResult result) throws Exception;
  }

  // Configuration.
  private final Engine engine;
  private final MailboxExecutor mailbox;
  private final int waitingMax;
  private final LongSupplier epochMillis;
  private final LongSupplier nanoClock;

  // Shared by the two threads.
  private final Queue<GenerationRequest> submitted = new ConcurrentLinkedQueue<>();
  private final Queue<String> cancelled = new ConcurrentLinkedQueue<>();
  private final Semaphore mails = new Semaphore(MAILS_MAX);
  private volatile boolean closed;

  // The engine's thread only, once it is started.
  private Listener listener;
  private final Deque<GenerationRequest> pending = new ArrayDeque<>();
  private final Thread thread;

  /**
   * @param waitingMax requests that the engine queues; more wait here
   * @param epochMillis the time that the deadlines of those that wait here are compared with; asked
   *     by the engine's thread
   * @param nanoClock the time in nanoseconds, from any origin; asked by the engine's thread
   */
  EngineDriver(
      String name,
      Engine engine,
      int waitingMax,
      LongSupplier epochMillis,
      LongSupplier nanoClock,
      MailboxExecutor mailbox) {
    this.engine = engine;
    this.waitingMax = waitingMax;
    this.epochMillis = epochMillis;
    this.nanoClock = nanoClock;
    this.mailbox = mailbox;
    this.thread = new Thread(this::run, name);
    thread.setDaemon(true);
  }

  /** Starts the engine's thread; the listener is told from then on. */
  void start(Listener told) {
    listener = told;
    thread.start();
  }

  /** Hands a request over. The caller bounds how many are in flight. */
  void submit(GenerationRequest request) {
    submitted.add(request);
    LockSupport.unpark(thread);
  }

  /** Has a request that was handed over end early; it may yet be told of. */
  void cancel(String requestId) {
    cancelled.add(requestId);
    LockSupport.unpark(thread);
  }

  private void run() {
    try {
      while (!closed) {
        List<GenerationUpdate> updates = new ArrayList<>();
        List<Rejection> rejections = feed(updates);
        if (engine.hasWork()) {
          updates.addAll(engine.step());
        }
        if (updates.isEmpty() && rejections.isEmpty() && !engine.hasWork()) {
          LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(TICK_MS));
        }
        post(new StepResult(updates, rejections, engine.stats(), nanoClock.getAsLong()));
      }
    } catch (InterruptedException e) {
      // close() wants the thread to end.
    } catch (Throwable t) {
      // The task fails as it would had the engine run in its own thread.
      tell(
          () -> {
            throw new IllegalStateException("the engine failed: " + t, t);
          });
    } finally {
      engine.close();
    }
  }

  /**
   * Gives the engine what it has room for. What it does not take now but could later waits on, and
   * those after it too.
   *
   * @param updates gets the ends of those whose deadline passed before there was room
   */
  private List<Rejection> feed(List<GenerationUpdate> updates) {
    for (GenerationRequest r = submitted.poll(); r != null; r = submitted.poll()) {
      pending.add(r);
    }
    for (String id = cancelled.poll(); id != null; id = cancelled.poll()) {
      String gone = id;
      if (!pending.removeIf(request -> request.id().equals(gone))) {
        engine.cancel(gone);
      }
    }
    List<Rejection> rejections = new ArrayList<>();
    while (!pending.isEmpty() && engine.stats().waiting() < waitingMax) {
      GenerationRequest request = pending.remove();
      try {
        engine.submit(request);
      } catch (RequestRejectedException e) {
        if (e.retryable()) {
          pending.addFirst(request);
          break;
        }
        rejections.add(new Rejection(request.id(), e.getMessage(), false));
      } catch (RuntimeException | StackOverflowError e) {
        rejections.add(failed(request, e));
      }
    }
    long nowMs = epochMillis.getAsLong();
    for (Iterator<GenerationRequest> waiting = pending.iterator(); waiting.hasNext(); ) {
      GenerationRequest request = waiting.next();
      if (request.deadlineMs() <= nowMs) {
        waiting.remove();
        updates.add(
            new GenerationUpdate(request.id(), List.of(), "", FinishReason.EXPIRED, null, 0, 0, 0));
      }
    }
    return rejections;
  }

  /**
   * An engine that breaks on one request, before that has begun, is still good for the others. Its
   * message may quote the prompt, so that only its kind and place are told.
   */
  private static Rejection failed(GenerationRequest request, Throwable e) {
    StackTraceElement[] trace = e.getStackTrace();
    LOG.warn(
        "{} could not be submitted: {} at {}",
        request.id(),
        e.getClass().getName(),
        trace.length > 0 ? trace[0] : "an unknown place");
    return new Rejection(
        request.id(), "the engine failed on it: " + e.getClass().getSimpleName(), true);
  }

  private void post(StepResult result) throws InterruptedException {
    mails.acquire();
    if (closed) {
      return;
    }
    tell(
        () -> {
          mails.release();
          listener.onStep(result);
        });
  }

  private void tell(ThrowingRunnable<Exception> mail) {
    try {
      mailbox.execute(mail, "engine step");
    } catch (RejectedExecutionException e) {
      // The task is closing: nobody is left to tell, and the checkpoint has what is needed.
      closed = true;
    }
  }

  /**
   * Ends the engine's thread, which closes the engine, and waits for it, for as long as a step
   * takes: whoever returns may take away what the engine computes on. An interrupt is kept for
   * later.
   */
  void close() {
    if (thread.getState() == Thread.State.NEW) {
      engine.close();
      return;
    }
    closed = true;
    thread.interrupt();
    // Even an engine that swallowed the interrupt must not wait for mails to be read.
    mails.release(MAILS_MAX);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
