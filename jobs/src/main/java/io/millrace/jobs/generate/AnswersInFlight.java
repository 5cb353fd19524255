package io.millrace.jobs.generate;

import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.RemoteOutcome;
import io.millrace.jobs.generate.AnswerOutput.Failure;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.CachedAnswer;
import io.millrace.jobs.state.Progress;
import io.millrace.schemas.CacheOutcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.flink.streaming.api.operators.KeyContext;

/**
 * The answers that one task owes, each from the prompt that leads to all those that are answered
 * with it; some are being generated, others wait for the engine. The task's thread only; whoever
 * calls with an answer or a prompt has made its key the current one.
 *
 * <p><b>Choices.</b> Each choice of an answer is a request of its own to the engine. The answer is
 * out when all have ended; if one fails, all do.
 *
 * <p><b>Failures.</b> An answer that fails buries the prompt that leads it. Those that follow try
 * again under the first of them, if another try could do better, a few times at most.
 *
 * <p><b>Deadlines.</b> The engine is given the leader's. If a follower has longer, the engine is
 * asked to go on from where it stopped, until the latest of them: an answer ends unfinished only
 * when nobody waits for it any more. A complete answer goes to all who asked, also to those whose
 * own deadline has passed meanwhile.
 */
final class AnswersInFlight {
  // What it works with.
  private final KeyContext keys;
  private final GenerateState state;
  private final Backlog backlog;
  private final WaitingPrompts waiting;
  private final EngineDriver driver;
  private final AnswerOutput output;
  private final DeviceClock device;
  private final LongSupplier epochMillis;
  private final long cachedAnswerBytesMax;
  private final int failedLeadersMax;

  // What it is doing.
  private final Map<String, InFlight> byFingerprint = new HashMap<>();
  private final Map<String, ChoiceInFlight> byEngineId = new HashMap<>();

  AnswersInFlight(
      KeyContext keys,
      GenerateState state,
      Backlog backlog,
      WaitingPrompts waiting,
      EngineDriver driver,
      AnswerOutput output,
      DeviceClock device,
      LongSupplier epochMillis,
      long cachedAnswerBytesMax,
      int failedLeadersMax) {
    this.keys = keys;
    this.state = state;
    this.backlog = backlog;
    this.waiting = waiting;
    this.driver = driver;
    this.output = output;
    this.device = device;
    this.epochMillis = epochMillis;
    this.cachedAnswerBytesMax = cachedAnswerBytesMax;
    this.failedLeadersMax = failedLeadersMax;
  }

  /** Follows the answer to an equal prompt, or leads one. */
  void add(AdmittedPrompt prompt) throws Exception {
    backlog.add(prompt);
    String fingerprint = prompt.getFingerprint();
    if (byFingerprint.containsKey(fingerprint) || waiting.contains(fingerprint)) {
      state.follow(prompt);
      return;
    }
    state.lead(prompt);
    if (waiting.isEmpty() && waiting.engineHasRoom()) {
      generate(new InFlight(prompt));
    } else {
      waiting.add(prompt);
    }
  }

  /**
   * Takes up the answer that a checkpoint left: at once if it was in progress, in its turn if not.
   */
  void resume() throws Exception {
    AdmittedPrompt leader = state.leader();
    List<Progress> recorded = state.recorded();
    backlog.add(leader);
    state.followers().forEach(backlog::add);
    if (recorded.isEmpty()) {
      waiting.add(leader, state.latestDeadlineMs());
    } else {
      generate(InFlight.restored(leader, recorded));
    }
  }

  /**
   * Gives the engine what it has room for, and those whose time is over, to be ended by it. The
   * current key is another afterwards.
   */
  void feedEngine() throws Exception {
    long nowMs = epochMillis.getAsLong();
    for (String fingerprint : waiting.takeDue(nowMs)) {
      keys.setCurrentKey(fingerprint);
      if (state.latestDeadlineMs() > nowMs) {
        // A follower has longer.
        waiting.add(state.leader(), state.latestDeadlineMs());
      } else {
        generate(new InFlight(state.leader()));
      }
    }
    while (waiting.hasTurn()) {
      keys.setCurrentKey(waiting.take());
      generate(new InFlight(state.leader()));
    }
  }

  /** Has keyed state hold what it lacks. */
  void record() throws Exception {
    for (InFlight answer : byFingerprint.values()) {
      keys.setCurrentKey(answer.fingerprint());
      state.record(answer.takeUnrecorded());
    }
  }

  boolean isEmpty() {
    return byFingerprint.isEmpty() && waiting.isEmpty();
  }

  private void generate(InFlight answer) {
    byFingerprint.put(answer.fingerprint(), answer);
    waiting.began(answer.leader());
    for (ChoiceInFlight choice : answer.choices()) {
      if (choice.finishReason() == null) {
        byEngineId.put(choice.engineId(), choice);
        submit(choice, GenerateState.deadlineMs(answer.leader()));
      }
    }
  }

  private void submit(ChoiceInFlight choice, long deadlineMs) {
    driver.submit(EngineRequests.of(choice, deadlineMs));
  }

  /** Takes in what the engine did; one mail. */
  void onStep(EngineDriver.StepResult result) throws Exception {
    long nowMs = epochMillis.getAsLong();
    for (GenerationUpdate update : result.updates()) {
      ChoiceInFlight choice = choice(update.requestId());
      if (choice != null) {
        onUpdate(choice, update, nowMs);
      }
    }
    for (EngineDriver.Rejection rejected : result.rejections()) {
      ChoiceInFlight choice = choice(rejected.requestId());
      if (choice != null) {
        Failure failure = new Failure("engine_rejected", rejected.reason(), rejected.retryable());
        fail(choice.answer(), failure, nowMs);
      }
    }
    output.metrics().load(result.stats());
    device.reached(result.atNanos());
    device.due().forEach(booking -> output.device(booking, nowMs));
    feedEngine();
  }

  /** The choice of this name, its key made the current one; null if its answer has failed. */
  private ChoiceInFlight choice(String engineId) {
    ChoiceInFlight choice = byEngineId.get(engineId);
    if (choice != null) {
      keys.setCurrentKey(choice.answer().fingerprint());
    }
    return choice;
  }

  private void onUpdate(ChoiceInFlight choice, GenerationUpdate update, long nowMs)
      throws Exception {
    InFlight answer = choice.answer();
    if (update.finishReason() == FinishReason.EXPIRED && state.latestDeadlineMs() > nowMs) {
      // No text is lost: such an update brings no tokens, and the text that it no longer holds back
      // will come again.
      choice.asksAgain(update);
      submit(choice, state.latestDeadlineMs());
      return;
    }
    output.tokens(choice, update, nowMs);
    choice.apply(update, nowMs);
    device.used(update.deviceNanos());
    if (update.finished()) {
      byEngineId.remove(update.requestId());
    }
    if (update.finishReason() == FinishReason.ERROR) {
      fail(answer, failure(update), nowMs);
    } else if (answer.finished()) {
      finish(answer, nowMs);
    }
  }

  private void finish(InFlight answer, long nowMs) throws Exception {
    CachedAnswer finished = output.answers().finished(answer, nowMs);
    output.generated(answer, finished, nowMs);
    for (AdmittedPrompt follower : settle(answer)) {
      output.reused(follower, finished, CacheOutcome.coalesced, nowMs);
    }
    // Another model's answer was shared by those who waited, but is not what later ones ask for.
    if (answer.leader().getCacheWrite() && !answer.expired() && !answer.fellBack()) {
      state.cache(finished, cachedAnswerBytesMax);
    }
  }

  private static Failure failure(GenerationUpdate update) {
    RemoteOutcome remote = update.remote();
    return remote == null
        ? new Failure("engine_error", update.error(), true)
        : new Failure(remote.failure().code(), update.error(), remote.failure().retryable());
  }

  private void fail(InFlight answer, Failure failure, long nowMs) throws Exception {
    for (ChoiceInFlight choice : answer.choices()) {
      if (byEngineId.remove(choice.engineId()) != null) {
        driver.cancel(choice.engineId());
      }
    }
    output.failed(answer.leader(), answer, failure, nowMs);
    int failedLeaders = answer.leader().getFailedLeaders() + 1;
    boolean again = failure.retryable() && failedLeaders <= failedLeadersMax;
    for (AdmittedPrompt follower : settle(answer)) {
      if (again) {
        // The first of them leads.
        add(AdmittedPrompt.newBuilder(follower).setFailedLeaders(failedLeaders).build());
      } else {
        output.failed(follower, null, failure, nowMs);
      }
    }
  }

  /** Forgets an answer; returns the prompts that waited for it. */
  private List<AdmittedPrompt> settle(InFlight answer) throws Exception {
    List<AdmittedPrompt> followers = state.followers();
    byFingerprint.remove(answer.fingerprint());
    waiting.ended(answer.leader());
    backlog.remove(answer.leader());
    followers.forEach(backlog::remove);
    state.settle();
    return followers;
  }
}
