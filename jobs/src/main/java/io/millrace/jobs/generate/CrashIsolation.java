package io.millrace.jobs.generate;

import io.millrace.engine.Engine;
import io.millrace.engine.EngineStats;
import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.RequestRejectedException;
import io.millrace.jobs.generate.CrashNotes.Note;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.apache.flink.runtime.execution.Environment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the request that ends the process, or breaks its engine, each time that it runs.
 *
 * <p>A crash tells nothing about who caused it, and after a restart everything that was in flight
 * runs again, the culprit too. So when runs that began from one and the same checkpoint have
 * crashed {@code crashesMax} times, the next gives the engine one request at a time, and notes
 * which <em>before</em> it runs ({@link CrashNotes}: no checkpoint would keep it). A request that
 * ran alone at so many crashes is refused, and so becomes a terminal dead letter: sent again, it
 * would do the same.
 *
 * <p>This ends with the culprit, or when {@code requestsMax} requests have each come to their end
 * alone: more cannot have been in flight. Should the culprit come later, checkpoints have moved on
 * by then, and it all begins again further on.
 *
 * <p>A kill from outside is a crash like any other. It takes twice {@code crashesMax} of them, half
 * of them with the same request alone, to bury one that did nothing wrong.
 */
final class CrashIsolation implements Engine {
  private static final Logger LOG = LoggerFactory.getLogger(CrashIsolation.class);

  private final Engine engine;
  private final CrashNotes notes;
  private final int crashesMax;
  private final LongSupplier epochMillis;

  private final Deque<GenerationRequest> queue = new ArrayDeque<>();

  /** To be told by the next step. */
  private final List<GenerationUpdate> ended = new ArrayList<>();

  private Note note;
  private int isolatedLeft;
  private boolean broken;

  /** A task's engine, watched for the prompt that crashes it. */
  static CrashIsolation of(
      Engine engine,
      Environment task,
      long checkpoint,
      GenerateSpec spec,
      LongSupplier epochMillis) {
    return new CrashIsolation(
        engine,
        new CrashNotes(CrashNotes.file(task)),
        checkpoint,
        spec.crashesMax(),
        spec.engineRequestsMax(),
        epochMillis);
  }

  /**
   * Looks at how the last run ended, and notes that this one has begun.
   *
   * @param checkpoint the one that this run begins from, or {@link Note#NO_CHECKPOINT}
   * @param crashesMax see above; 0 never isolates
   * @param requestsMax see above
   * @param epochMillis the time that deadlines of those that wait here are compared with
   */
  CrashIsolation(
      Engine engine,
      CrashNotes notes,
      long checkpoint,
      int crashesMax,
      int requestsMax,
      LongSupplier epochMillis) {
    this.engine = engine;
    this.notes = notes;
    this.crashesMax = crashesMax;
    this.epochMillis = epochMillis;
    Note last = crashesMax == 0 ? null : notes.read();
    Map<String, Integer> crashes = new TreeMap<>();
    int restarts = 0;
    if (last != null) {
      crashes.putAll(last.crashesAlone());
      restarts = last.checkpoint() == checkpoint ? last.restarts() + 1 : 1;
      if (last.alone() != null) {
        crashes.merge(last.alone(), 1, Integer::sum);
      }
      if (restarts >= crashesMax || last.alone() != null) {
        // Whoever was alone goes on with what was left: kills must not make it longer and longer.
        isolatedLeft = last.alone() != null ? Math.max(1, last.isolatedLeft()) : requestsMax;
        LOG.warn("{} crashes since checkpoint {}: requests run alone", restarts, checkpoint);
      }
    }
    note = new Note(checkpoint, restarts, isolatedLeft, null, crashes);
    if (crashesMax > 0) {
      notes.write(note);
    }
  }

  @Override
  public void submit(GenerationRequest request) throws RequestRejectedException {
    int crashes = note.crashesAlone().getOrDefault(request.id(), 0);
    if (crashesMax > 0 && crashes >= crashesMax) {
      isolatedLeft = 0;
      throw new RequestRejectedException(
          "the process crashed " + crashes + " times while only this ran", false);
    }
    if (isolatedLeft == 0) {
      engine.submit(request);
    } else {
      queue.add(request);
    }
  }

  @Override
  public List<GenerationUpdate> step() {
    expire();
    try {
      if (isolatedLeft == 0) {
        while (!queue.isEmpty() && submitted(queue.peek())) {
          queue.remove();
        }
      } else if (note.alone() == null && !queue.isEmpty()) {
        note = note.withAlone(queue.peek().id(), isolatedLeft);
        notes.write(note);
        if (submitted(queue.peek())) {
          queue.remove();
        } else {
          note = note.withAlone(null, isolatedLeft);
        }
      }
      List<GenerationUpdate> updates = new ArrayList<>(engine.step());
      for (GenerationUpdate update : updates) {
        if (update.finished() && update.requestId().equals(note.alone())) {
          leaveAlone();
        }
      }
      updates.addAll(ended);
      ended.clear();
      return updates;
    } catch (RuntimeException | Error e) {
      broken = true;
      throw e;
    }
  }

  /** Whether a request that waited here is the engine's now, or has ended. */
  private boolean submitted(GenerationRequest request) {
    try {
      engine.submit(request);
    } catch (RequestRejectedException e) {
      if (e.retryable()) {
        return false;
      }
      end(request, FinishReason.ERROR, e.getMessage());
    }
    return true;
  }

  private void end(GenerationRequest request, FinishReason reason, String error) {
    ended.add(new GenerationUpdate(request.id(), List.of(), "", reason, error, 0, 0, 0));
    if (request.id().equals(note.alone())) {
      leaveAlone();
    }
  }

  /** The request that ran alone has done so without harm. */
  private void leaveAlone() {
    isolatedLeft = Math.max(0, isolatedLeft - 1);
    note = note.withAlone(null, isolatedLeft);
    if (isolatedLeft == 0) {
      notes.write(note);
      LOG.info("requests run together again");
    }
  }

  private void expire() {
    long nowMs = epochMillis.getAsLong();
    for (Iterator<GenerationRequest> waiting = queue.iterator(); waiting.hasNext(); ) {
      GenerationRequest request = waiting.next();
      if (request.deadlineMs() <= nowMs) {
        waiting.remove();
        end(request, FinishReason.EXPIRED, null);
      }
    }
  }

  @Override
  public boolean cancel(String requestId) {
    for (Iterator<GenerationRequest> waiting = queue.iterator(); waiting.hasNext(); ) {
      GenerationRequest request = waiting.next();
      if (request.id().equals(requestId)) {
        waiting.remove();
        end(request, FinishReason.CANCELLED, null);
        return true;
      }
    }
    return engine.cancel(requestId);
  }

  @Override
  public boolean hasWork() {
    return engine.hasWork() || !queue.isEmpty() || !ended.isEmpty();
  }

  @Override
  public EngineStats stats() {
    EngineStats stats = engine.stats();
    return queue.isEmpty() ? stats : stats.withWaiting(stats.waiting() + queue.size());
  }

  /** What the engine did not survive stays noted. */
  @Override
  public void close() {
    try {
      engine.close();
    } finally {
      if (!broken && crashesMax > 0) {
        notes.delete();
      }
    }
  }
}
