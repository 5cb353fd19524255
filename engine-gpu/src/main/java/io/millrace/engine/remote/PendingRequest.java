package io.millrace.engine.remote;

import io.millrace.engine.GenerationRequest;
import io.millrace.engine.RemoteOutcome;
import java.util.List;

/** A request on its way: which model it is at, and how often it was tried. The engine's thread. */
final class PendingRequest {
  private final GenerationRequest request;
  private final List<RemoteTarget> targets;
  private final long number;

  private int target;
  private int callsOfTarget;
  private int attempt;
  private long notBeforeNanos;
  private long startedMs;
  private long firstTokenMs;
  private boolean costKnown = true;
  private RemoteCall call;

  /**
   * @param number grows from request to request
   * @param nowNanos when it may go at the earliest
   */
  PendingRequest(
      GenerationRequest request, List<RemoteTarget> targets, long number, long nowNanos) {
    this.request = request;
    this.targets = targets;
    this.number = number;
    this.attempt = request.attempt() - 1;
    this.notBeforeNanos = nowNanos;
  }

  GenerationRequest request() {
    return request;
  }

  /** Says who came first. */
  long number() {
    return number;
  }

  RemoteTarget target() {
    return targets.get(target);
  }

  /** Number of the latest call. */
  int attempt() {
    return attempt;
  }

  /** The call in progress, or null. */
  RemoteCall call() {
    return call;
  }

  boolean dueAt(long nowNanos) {
    return nowNanos - notBeforeNanos >= 0;
  }

  void begin(RemoteCall next, long nowMs) {
    call = next;
    attempt++;
    callsOfTarget++;
    startedMs = startedMs == 0 ? nowMs : startedMs;
  }

  /** The call has ended, or is of no interest any more. */
  void ended() {
    firstTokenMs = call.firstTokenMs() > 0 ? call.firstTokenMs() : firstTokenMs;
    call = null;
  }

  /** What was spent is not all known any more. */
  void spentUnknown() {
    costKnown = false;
  }

  /** Calls of this target that were begun. */
  int callsOfTarget() {
    return callsOfTarget;
  }

  void retryAt(long nanos) {
    notBeforeNanos = nanos;
  }

  /** Goes on to the next model, if there is one. */
  boolean fallBack(long nowNanos) {
    if (target + 1 == targets.size()) {
      return false;
    }
    target++;
    callsOfTarget = 0;
    notBeforeNanos = nowNanos;
    return true;
  }

  /** What to tell of it while it has no answer. */
  RemoteOutcome outcome(RemoteOutcome.Failure failure) {
    return outcome(null, failure);
  }

  /** What to tell of it. */
  RemoteOutcome outcome(RemoteAnswer answer, RemoteOutcome.Failure failure) {
    boolean answered = answer != null;
    return new RemoteOutcome(
        target().model(),
        target().protocol().name(),
        attempt,
        startedMs,
        firstTokenMs,
        answered ? answer.usage() : null,
        costKnown && (!answered || answer.usage() != null),
        answered ? answer.model() : null,
        answered ? answer.serviceTier() : null,
        answered ? answer.toolCalls() : null,
        failure);
  }
}
