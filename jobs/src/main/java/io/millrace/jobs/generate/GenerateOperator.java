package io.millrace.jobs.generate;

import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationUpdate;
import io.millrace.jobs.kafka.Answer;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.CachedAnswer;
import io.millrace.schemas.CacheOutcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Answers prompts: equal ones once, all of them batched continuously on one engine.
 *
 * <p>Keyed by fingerprint, so that equal prompts of the whole cluster meet in one subtask. The
 * first leads and is generated; those that come while it is in flight follow and share its answer;
 * those that come later find it in the cache.
 *
 * <p>One thread, the task's, touches state and outputs; the engine has its own thread behind {@link
 * EngineDriver}. What a mail emits and the progress it leads to belong to that one mail, and a
 * snapshot runs between mails: so a checkpoint holds, for each answer, exactly the tokens that were
 * emitted before it. After a restore the engine computes the KV cache of those tokens anew and
 * generates only what follows.
 */
public final class GenerateOperator extends AbstractStreamOperator<Answer>
    implements OneInputStreamOperator<AdmittedPrompt, Answer>, BoundedOneInput {
  private static final long serialVersionUID = 1L;

  // Configuration.
  private final GenerateSpec spec;
  private final Outputs outputs;
  private final transient MailboxExecutor mailbox;

  // Runtime, the task's thread only.
  private transient Map<String, InFlight> leading;
  private transient Map<String, ChoiceInFlight> generating;
  private transient Backlog backlog;
  private transient GenerateState state;
  private transient AnswerWriter answers;
  private transient TokenEventWriter tokenEvents;
  private transient SettledOutput settled;
  private transient GenerateSpec.OpenedModel model;
  private transient EngineDriver driver;

  GenerateOperator(
      StreamOperatorParameters<Answer> parameters, GenerateSpec spec, Outputs outputs) {
    super(parameters);
    this.spec = spec;
    this.outputs = outputs;
    this.mailbox = parameters.getMailboxExecutor();
  }

  @Override
  public void open() throws Exception {
    super.open();
    leading = new HashMap<>();
    generating = new HashMap<>();
    backlog = new Backlog(spec.backlogPromptsMax(), spec.backlogBytesMax());
    state = new GenerateState(getRuntimeContext(), spec.cacheTtl());
    model = spec.source().open();
    answers = new AnswerWriter(spec.model(), model.backend(), spec.price(), model.tokenizer());
    tokenEvents = new TokenEventWriter(spec.tokenEvents());
    settled = new SettledOutput(output, outputs);
    driver =
        new EngineDriver(
            getRuntimeContext().getTaskInfo().getTaskNameWithSubtasks(),
            model.engine(),
            spec.engineWaitingMax(),
            this::nowMs,
            mailbox,
            this::onStep);
    resume();
    driver.start();
  }

  /**
   * Takes up the answers that the checkpoint left in progress. Those that another model began,
   * begin again: its tokens are not what this one would have drawn.
   */
  private void resume() throws Exception {
    int begunAgain = 0;
    for (String fingerprint : GenerateState.keysInFlight(getKeyedStateBackend())) {
      setCurrentKey(fingerprint);
      AdmittedPrompt leader = state.leader();
      if (leader.getModelDigest() != null
          && !leader.getModelDigest().equals(model.digest().read())
          && !state.recorded().isEmpty()) {
        leader = state.beginAgain();
        begunAgain++;
      }
      state.followers().forEach(backlog::add);
      generate(InFlight.restored(leader, state.recorded()));
    }
    backlog.allowForRestored();
    if (begunAgain > 0) {
      LOG.warn("the model has changed: {} answers in progress begin again", begunAgain);
    }
  }

  @Override
  public void processElement(StreamRecord<AdmittedPrompt> element) throws Exception {
    AdmittedPrompt prompt = element.getValue();
    backlog.awaitRoom(mailbox);
    // Mails that ran while this waited worked on other keys.
    setCurrentKey(prompt.getFingerprint());

    long nowMs = nowMs();
    CachedAnswer cached = prompt.getCacheRead() ? state.cached(nowMs) : null;
    if (GenerateState.deadlineMs(prompt) <= nowMs) {
      settled.emit(answers.expired(prompt, nowMs));
    } else if (cached != null) {
      reuse(prompt, cached, CacheOutcome.hit, nowMs);
    } else if (leading.containsKey(prompt.getFingerprint())) {
      state.follow(prompt);
      backlog.add(prompt);
    } else {
      state.lead(prompt);
      generate(new InFlight(prompt));
    }
  }

  private void generate(InFlight answer) {
    leading.put(answer.fingerprint(), answer);
    backlog.add(answer.leader());
    for (ChoiceInFlight choice : answer.choices()) {
      if (choice.finishReason() == null) {
        generating.put(choice.engineId(), choice);
        driver.submit(answers.request(choice, GenerateState.deadlineMs(answer.leader())));
      }
    }
  }

  private void onStep(EngineDriver.StepResult result) throws Exception {
    long nowMs = nowMs();
    for (GenerationUpdate update : result.updates()) {
      ChoiceInFlight choice = choice(update.requestId());
      if (choice != null) {
        onUpdate(choice, update, nowMs);
      }
    }
    for (EngineDriver.Rejection rejection : result.rejections()) {
      ChoiceInFlight choice = choice(rejection.requestId());
      if (choice != null) {
        fail(choice.answer(), "engine_rejected", rejection.reason(), rejection.retryable());
      }
    }
  }

  /** The choice of this name, its key made the current one; null if its answer has failed. */
  private ChoiceInFlight choice(String engineId) {
    ChoiceInFlight choice = generating.get(engineId);
    if (choice != null) {
      setCurrentKey(choice.answer().fingerprint());
    }
    return choice;
  }

  private void onUpdate(ChoiceInFlight choice, GenerationUpdate update, long nowMs)
      throws Exception {
    InFlight answer = choice.answer();
    if (update.finishReason() == FinishReason.EXPIRED && state.latestDeadlineMs() > nowMs) {
      // The engine knows the leader's deadline only; a follower has longer.
      driver.submit(answers.request(choice, state.latestDeadlineMs()));
      return;
    }
    settled.emit(
        tokenEvents.generated(
            answer.leader(), choice.index(), choice.tokens().size(), update, nowMs));
    choice.apply(update, nowMs);
    if (update.finished()) {
      generating.remove(update.requestId());
    }
    if (update.finishReason() == FinishReason.ERROR) {
      fail(answer, "engine_error", update.error(), true);
    } else if (answer.finished()) {
      finish(answer, nowMs);
    }
  }

  private void finish(InFlight answer, long nowMs) throws Exception {
    CachedAnswer finished = answers.finished(answer, nowMs);
    settled.emit(answers.generated(answer, finished, nowMs));
    for (AdmittedPrompt follower : settle(answer)) {
      reuse(follower, finished, CacheOutcome.coalesced, nowMs);
    }
    if (answer.leader().getCacheWrite() && !answer.expired()) {
      state.cache(finished, spec.cachedAnswerBytesMax());
    }
  }

  private void reuse(AdmittedPrompt prompt, CachedAnswer answer, CacheOutcome how, long nowMs) {
    settled.emit(tokenEvents.reused(prompt, answer, nowMs));
    settled.emit(answers.reused(prompt, answer, how, nowMs));
  }

  private void fail(InFlight answer, String code, String message, boolean retryable)
      throws Exception {
    for (ChoiceInFlight choice : answer.choices()) {
      if (generating.remove(choice.engineId()) != null) {
        driver.cancel(choice.engineId());
      }
    }
    settled.emit(answers.failed(answer.leader(), answer, code, message, retryable, nowMs()));
    for (AdmittedPrompt follower : settle(answer)) {
      settled.emit(answers.failed(follower, null, code, message, retryable, nowMs()));
    }
  }

  /** Forgets an answer in progress; returns the prompts that waited for it. */
  private List<AdmittedPrompt> settle(InFlight answer) throws Exception {
    List<AdmittedPrompt> followers = state.followers();
    leading.remove(answer.fingerprint());
    backlog.remove(answer.leader());
    followers.forEach(backlog::remove);
    state.settle();
    return followers;
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    for (InFlight answer : leading.values()) {
      setCurrentKey(answer.fingerprint());
      state.record(answer.takeUnrecorded());
    }
    super.snapshotState(context);
  }

  /** For bounded inputs: everything is answered before the task ends. */
  @Override
  public void endInput() throws Exception {
    while (!leading.isEmpty()) {
      mailbox.yield();
    }
  }

  @Override
  public void close() throws Exception {
    try {
      if (driver != null) {
        driver.close();
      }
    } finally {
      if (model != null) {
        model.release().run();
      }
      super.close();
    }
  }

  private long nowMs() {
    return getProcessingTimeService().getCurrentProcessingTime();
  }
}
