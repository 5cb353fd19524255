package io.millrace.engine.remote;

import io.millrace.engine.DraftCounts;
import io.millrace.engine.Engine;
import io.millrace.engine.EngineStats;
import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.RemoteOutcome;
import io.millrace.engine.RequestRejectedException;
import io.millrace.engine.remote.RemoteException.Kind;
import java.net.http.HttpClient;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model that others serve, and those that it falls back on.
 *
 * <p><b>Threads.</b> The owner's thread decides everything: it begins calls, and takes in how they
 * ended, in {@link #step}. The client's threads only put answers together and leave the ending in a
 * queue, at most one for each call. A step waits for one, but no longer than 100 ms.
 *
 * <p><b>A call</b> is first noted in the {@link AttemptLog}, and made when the note is safe. A
 * request's number of calls goes on counting where {@link GenerationRequest#attempt} says.
 *
 * <p><b>Failures.</b> What may pass is tried again, after a wait that doubles, or as long as the
 * server asks. When that is used up, or the server will not serve anyone, the request goes to the
 * next model. A request that is itself refused goes nowhere: it would be refused there, too. An
 * answer comes whole, with the request's last update; what broke off is thrown away.
 */
public final class RemoteEngine implements Engine {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteEngine.class);
  private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final long FALLBACKS_TOLD_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** A call's note is safe, or is not known to be. */
  private record Noted(RemoteCall call, byte[] body, Throwable failure) {}

  // Configuration.
  private final List<RemoteTarget> targets;
  private final Map<RemoteTarget, HttpClient> clients = new HashMap<>();
  private final AttemptLog attempts;
  private final int waitingMax;
  private final LongSupplier nanoClock;
  private final LongSupplier epochMillis;
  private final RandomGenerator random;

  // Shared with the client's threads.
  private final Queue<Object> events = new ConcurrentLinkedQueue<>();
  private volatile Thread waiter;

  // The owner's thread only.
  private final Map<String, PendingRequest> requests = new HashMap<>();
  private final Map<RemoteCall, PendingRequest> calls = new HashMap<>();
  private final TreeSet<PendingRequest> waiting =
      new TreeSet<>(
          Comparator.comparingInt((PendingRequest r) -> r.request().priority())
              .thenComparingLong(PendingRequest::number));
  private final Map<RemoteTarget, Integer> callsOf = new HashMap<>();

  /** Until when a target asked to be left alone. */
  private final Map<RemoteTarget, Long> pausedUntil = new HashMap<>();

  private final List<PendingRequest> cancelled = new ArrayList<>();
  private long numbers;
  private long fallbacks;
  private long fallbackToldNanos;
  private long callsMade;
  private long retries;
  private long rateLimited;
  private long inputTokens;
  private long cachedTokens;
  private long outputTokens;
  private boolean closed;

  /**
   * @param targets the model, and in order those that it falls back on; at least one
   * @param attempts closed with the engine
   * @param waitingMax requests that wait for their call; more are not taken
   * @param nanoClock the time in nanoseconds, from any origin
   * @param epochMillis milliseconds since 1970 UTC
   * @param random draws how long retries wait
   */
  public RemoteEngine(
      List<RemoteTarget> targets,
      AttemptLog attempts,
      int waitingMax,
      LongSupplier nanoClock,
      LongSupplier epochMillis,
      RandomGenerator random) {
    this.targets = List.copyOf(targets);
    this.attempts = attempts;
    this.waitingMax = waitingMax;
    this.nanoClock = nanoClock;
    this.epochMillis = epochMillis;
    this.random = random;
    for (RemoteTarget target : targets) {
      boolean encrypted = "https".equals(target.url().getScheme());
      clients.put(
          target,
          HttpClient.newBuilder()
              // Asking for an upgrade of clear text confuses more servers than it serves.
              .version(encrypted ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1)
              // A key is for the server that was configured, and for no other.
              .followRedirects(HttpClient.Redirect.NEVER)
              .connectTimeout(target.limits().connectMax())
              .build());
    }
  }

  @Override
  public void submit(GenerationRequest request) throws RequestRejectedException {
    requireOpen();
    if (request.chat() == null) {
      throw new RequestRejectedException("a remote model is asked in text, not in tokens", false);
    }
    if (requests.containsKey(request.id())) {
      throw new RequestRejectedException("a request with this id is in progress", true);
    }
    if (waiting.size() >= waitingMax) {
      throw new RequestRejectedException(
          "the engine's queue of " + waitingMax + " requests is full", true);
    }
    PendingRequest pending = new PendingRequest(request, targets, numbers++, nanoClock.getAsLong());
    requests.put(request.id(), pending);
    waiting.add(pending);
  }

  @Override
  public List<GenerationUpdate> step() {
    requireOpen();
    List<GenerationUpdate> updates = new ArrayList<>();
    advance(updates);
    if (updates.isEmpty() && hasWork()) {
      waiter = Thread.currentThread();
      if (events.isEmpty()) {
        LockSupport.parkNanos(this, WAIT_NANOS);
      }
      waiter = null;
      advance(updates);
    }
    return updates;
  }

  private void advance(List<GenerationUpdate> updates) {
    for (Object event = events.poll(); event != null; event = events.poll()) {
      if (event instanceof Noted noted) {
        onNoted(noted, updates);
      } else {
        onEnding((RemoteCall.Ending) event, updates);
      }
    }
    expire(updates);
    for (PendingRequest pending : cancelled) {
      if (requests.get(pending.request().id()) == pending) {
        end(pending, FinishReason.CANCELLED, updates);
      }
    }
    cancelled.clear();
    calls.keySet().forEach(call -> call.check(nanoClock.getAsLong()));
    beginCalls(updates);
  }

  /** Left by the client's threads. */
  private void tell(Object event) {
    events.add(event);
    LockSupport.unpark(waiter);
  }

  private void expire(List<GenerationUpdate> updates) {
    long nowMs = epochMillis.getAsLong();
    for (PendingRequest pending : List.copyOf(requests.values())) {
      if (pending.request().deadlineMs() <= nowMs) {
        end(pending, FinishReason.EXPIRED, updates);
      }
    }
  }

  private void beginCalls(List<GenerationUpdate> updates) {
    long now = nanoClock.getAsLong();
    for (PendingRequest pending : List.copyOf(waiting)) {
      RemoteTarget target = pending.target();
      Long paused = pausedUntil.get(target);
      boolean open = paused == null || now - paused >= 0;
      if (open && pending.dueAt(now) && callsOf(target) < target.limits().callsMax()) {
        waiting.remove(pending);
        begin(pending, updates);
      }
    }
  }

  private void begin(PendingRequest pending, List<GenerationUpdate> updates) {
    RemoteTarget target = pending.target();
    byte[] body;
    try {
      body = target.body(pending.request().chat(), pending.request().sampling().choice());
    } catch (IllegalArgumentException e) {
      fail(
          pending,
          new RemoteException(Kind.REFUSED, "remote_refused", e.getMessage(), -1, false),
          updates);
      return;
    }
    long nowMs = epochMillis.getAsLong();
    RemoteCall call = new RemoteCall(target, nanoClock, epochMillis, this::tell);
    pending.begin(call, nowMs);
    calls.put(call, pending);
    callsOf.merge(target, 1, Integer::sum);
    callsMade++;
    updates.add(
        GenerationUpdate.remote(pending.request().id(), "", null, null, pending.outcome(null)));
    var unused =
        attempts
            .record(
                new Attempt(
                    pending.request().id(),
                    pending.attempt(),
                    target.model(),
                    target.protocol().name(),
                    target.remoteModel(),
                    nowMs,
                    body.length,
                    pending.request().sampling().maxTokens()))
            .whenComplete((done, e) -> tell(new Noted(call, body, e)));
  }

  private void onNoted(Noted noted, List<GenerationUpdate> updates) {
    PendingRequest pending = calls.get(noted.call());
    if (pending == null) {
      return;
    }
    if (noted.failure() == null) {
      noted.call().start(clients.get(pending.target()), noted.body());
      return;
    }
    leave(pending);
    onFailure(
        pending,
        new RemoteException(
            Kind.TRANSIENT, "attempt_not_recorded", "the call could not be noted", -1, false),
        updates);
  }

  private void onEnding(RemoteCall.Ending ending, List<GenerationUpdate> updates) {
    PendingRequest pending = calls.get(ending.call());
    if (pending == null) {
      return;
    }
    leave(pending);
    RemoteAnswer answer = ending.answer();
    if (answer == null) {
      RemoteException own = ending.call().cancelledFor();
      onFailure(pending, own != null ? own : ending.failure(), updates);
      return;
    }
    if (answer.usage() != null) {
      inputTokens += answer.usage().inputTokens();
      cachedTokens += answer.usage().cachedTokens();
      outputTokens += answer.usage().outputTokens();
    }
    requests.remove(pending.request().id());
    updates.add(
        GenerationUpdate.remote(
            pending.request().id(),
            answer.text(),
            answer.finishReason(),
            null,
            pending.outcome(answer, null)));
  }

  private void onFailure(
      PendingRequest pending, RemoteException failure, List<GenerationUpdate> updates) {
    long now = nanoClock.getAsLong();
    RemoteTarget target = pending.target();
    if (failure.mayCost()) {
      pending.spentUnknown();
    }
    boolean again =
        failure.kind() == Kind.TRANSIENT
            && pending.callsOfTarget() <= target.limits().retriesMax()
            && failure.retryAfterMs() <= target.limits().retryAfterMax().toMillis();
    rateLimited += failure.code().equals(HttpFailure.OVERLOADED) ? 1 : 0;
    if (again) {
      retries++;
      long delayMs = Backoff.delayMs(pending.callsOfTarget(), failure.retryAfterMs(), random);
      pending.retryAt(now + TimeUnit.MILLISECONDS.toNanos(delayMs));
      if (failure.retryAfterMs() > 0) {
        // It was asked of all who use the key.
        pausedUntil.merge(
            target,
            now + TimeUnit.MILLISECONDS.toNanos(failure.retryAfterMs()),
            (one, other) -> one - other > 0 ? one : other);
      }
      waiting.add(pending);
    } else if (failure.kind() != Kind.REFUSED && pending.fallBack(now)) {
      if (fallbacks++ == 0 || now - fallbackToldNanos > FALLBACKS_TOLD_NANOS) {
        fallbackToldNanos = now;
        LOG.warn(
            "{} requests so far went from model {} to a fallback, the latest for: {}",
            fallbacks,
            target.model(),
            failure.code());
      }
      waiting.add(pending);
    } else {
      fail(pending, failure, updates);
    }
  }

  private void fail(
      PendingRequest pending, RemoteException failure, List<GenerationUpdate> updates) {
    requests.remove(pending.request().id());
    int made = pending.attempt() + 1 - pending.request().attempt();
    String error =
        "model "
            + pending.target().model()
            + ": "
            + pending.target().key().removedFrom(failure.getMessage())
            + (made > 1 ? " (the last of " + made + " calls)" : "");
    updates.add(
        GenerationUpdate.remote(
            pending.request().id(),
            "",
            FinishReason.ERROR,
            error,
            pending.outcome(
                new RemoteOutcome.Failure(failure.code(), failure.kind() == Kind.TRANSIENT))));
  }

  /** Ends a request without an answer, wherever it is. */
  private void end(PendingRequest pending, FinishReason reason, List<GenerationUpdate> updates) {
    RemoteCall call = pending.call();
    if (call != null) {
      if (call.started()) {
        pending.spentUnknown();
      }
      leave(pending);
      call.cancel();
    }
    waiting.remove(pending);
    requests.remove(pending.request().id());
    updates.add(
        GenerationUpdate.remote(pending.request().id(), "", reason, null, pending.outcome(null)));
  }

  /** A request's call is over: whatever comes of it is not listened to. */
  private void leave(PendingRequest pending) {
    calls.remove(pending.call());
    callsOf.merge(pending.target(), -1, Integer::sum);
    pending.ended();
  }

  private int callsOf(RemoteTarget target) {
    return callsOf.getOrDefault(target, 0);
  }

  @Override
  public boolean cancel(String requestId) {
    PendingRequest pending = requests.get(requestId);
    if (pending != null && !cancelled.contains(pending)) {
      cancelled.add(pending);
    }
    return pending != null;
  }

  @Override
  public boolean hasWork() {
    return !requests.isEmpty();
  }

  /** Calls in progress are what runs; there are no KV blocks, and no time of a device. */
  @Override
  public EngineStats stats() {
    return new EngineStats(
        calls.size(),
        waiting.size(),
        0,
        0,
        0,
        callsMade,
        inputTokens - cachedTokens,
        inputTokens,
        cachedTokens,
        outputTokens,
        0,
        0,
        DraftCounts.NONE,
        retries,
        rateLimited);
  }

  /** Drops all requests without reporting them, and gives up their calls. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      calls.keySet().forEach(RemoteCall::cancel);
      calls.clear();
      requests.clear();
      waiting.clear();
      attempts.close();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
  }
}
