package io.millrace.jobs.generate;

import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationUpdate;
import io.millrace.jobs.kafka.Answer;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.CachedAnswer;
import io.millrace.jobs.state.Progress;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.TokenEvent;
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
  private transient Map<String, InFlight> inFlight;
  private transient Backlog backlog;
  private transient GenerateState state;
  private transient AnswerWriter answers;
  private transient TokenEventWriter tokenEvents;
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
    inFlight = new HashMap<>();
    backlog = new Backlog(spec.backlogPromptsMax(), spec.backlogBytesMax());
    state = new GenerateState(getRuntimeContext(), spec.cacheTtl());
    model = spec.source().open();
    answers = new AnswerWriter(spec.model(), model.backend(), spec.price(), model.tokenizer());
    tokenEvents = new TokenEventWriter(spec.tokenEvents());
    driver =
        new EngineDriver(
            getRuntimeContext().getTaskInfo().getTaskNameWithSubtasks(),
            model.engine(),
            spec.engineWaitingMax(),
            mailbox,
            this::onStep);
    resume();
    driver.start();
  }

  /** Takes up the answers that the checkpoint left in progress. */
  private void resume() throws Exception {
    for (String fingerprint : GenerateState.keysInFlight(getKeyedStateBackend())) {
      setCurrentKey(fingerprint);
      InFlight answer = InFlight.restored(state.leader(), state.recorded());
      inFlight.put(fingerprint, answer);
      backlog.add(size(answer.leader()));
      state.followers().forEach(follower -> backlog.add(size(follower)));
      driver.submit(answers.request(answer));
    }
    backlog.allowForRestored();
  }

  @Override
  public void processElement(StreamRecord<AdmittedPrompt> element) throws Exception {
    AdmittedPrompt prompt = element.getValue();
    waitForRoom();
    // Mails that ran while this waited worked on other keys.
    setCurrentKey(prompt.getFingerprint());

    long nowMs = nowMs();
    CachedAnswer cached = prompt.getCacheRead() ? state.cached(nowMs) : null;
    InFlight leading = inFlight.get(prompt.getFingerprint());
    if (prompt.getDeadlineMs() != null && prompt.getDeadlineMs() <= nowMs) {
      emit(answers.expired(prompt, nowMs));
    } else if (cached != null) {
      reuse(prompt, cached, CacheOutcome.hit, nowMs);
    } else if (leading != null) {
      state.follow(prompt);
      backlog.add(size(prompt));
    } else {
      lead(prompt);
    }
  }

  private void lead(AdmittedPrompt prompt) throws Exception {
    InFlight answer = new InFlight(prompt);
    state.lead(prompt);
    inFlight.put(prompt.getFingerprint(), answer);
    backlog.add(size(prompt));
    driver.submit(answers.request(answer));
  }

  /**
   * Holds the input back while the backlog is full, by running mails. A waiting checkpoint can only
   * be served once this returns, so it returns for one, past the bound by a record, until that is
   * twice exceeded.
   */
  private void waitForRoom() throws Exception {
    while (backlog.full()) {
      if (mailbox.tryYield()) {
        continue;
      }
      // Any mail interrupts; if none of ours is there to be run, it is the system's.
      if (mailbox.shouldInterrupt() && !backlog.overfull()) {
        if (mailbox.tryYield()) {
          continue;
        }
        return;
      }
      mailbox.yield();
    }
  }

  private void onStep(EngineDriver.StepResult result) throws Exception {
    long nowMs = nowMs();
    for (GenerationUpdate update : result.updates()) {
      InFlight answer = inFlight.get(update.requestId());
      setCurrentKey(update.requestId());
      emit(tokenEvents.generated(answer.leader(), answer.tokens().size(), update, nowMs));
      answer.apply(update, nowMs);
      if (update.finishReason() == FinishReason.ERROR) {
        fail(answer, "engine_error", update.error(), true);
      } else if (update.finished()) {
        finish(answer, update.finishReason(), nowMs);
      }
    }
    for (EngineDriver.Rejection rejection : result.rejections()) {
      setCurrentKey(rejection.requestId());
      InFlight answer = inFlight.get(rejection.requestId());
      fail(answer, "engine_rejected", rejection.reason(), rejection.retryable());
    }
  }

  private void finish(InFlight answer, FinishReason reason, long nowMs) throws Exception {
    AdmittedPrompt leader = answer.leader();
    CachedAnswer finished = answers.finished(answer, reason, nowMs);
    emit(answers.generated(answer, finished, nowMs));
    for (AdmittedPrompt follower : settle(answer)) {
      reuse(follower, finished, CacheOutcome.coalesced, nowMs);
    }
    if (leader.getCacheWrite() && size(finished) <= spec.cachedAnswerBytesMax()) {
      state.cache(finished);
    }
  }

  private void reuse(AdmittedPrompt prompt, CachedAnswer answer, CacheOutcome how, long nowMs) {
    emit(tokenEvents.reused(prompt, answer, nowMs));
    emit(answers.reused(prompt, answer, how, nowMs));
  }

  private void fail(InFlight answer, String code, String message, boolean retryable)
      throws Exception {
    emit(answers.failed(answer.leader(), answer, code, message, retryable, nowMs()));
    for (AdmittedPrompt follower : settle(answer)) {
      emit(answers.failed(follower, null, code, message, retryable, nowMs()));
    }
  }

  /** Forgets an answer in progress; returns the prompts that waited for it. */
  private List<AdmittedPrompt> settle(InFlight answer) throws Exception {
    List<AdmittedPrompt> followers = state.followers();
    inFlight.remove(answer.leader().getFingerprint());
    backlog.remove(size(answer.leader()));
    followers.forEach(follower -> backlog.remove(size(follower)));
    state.settle();
    return followers;
  }

  private void emit(AnswerWriter.Settled settled) {
    if (settled.answer() != null) {
      output.collect(new StreamRecord<>(settled.answer()));
    }
    if (settled.deadLetter() != null) {
      output.collect(outputs.deadLetters(), new StreamRecord<>(settled.deadLetter()));
    }
    output.collect(outputs.costs(), new StreamRecord<>(settled.cost()));
  }

  private void emit(List<TokenEvent> events) {
    events.forEach(event -> output.collect(outputs.tokens(), new StreamRecord<>(event)));
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    for (InFlight answer : inFlight.values()) {
      Progress gained = answer.takeUnrecorded();
      if (gained != null) {
        setCurrentKey(answer.leader().getFingerprint());
        state.record(gained);
      }
    }
    super.snapshotState(context);
  }

  /** For bounded inputs: everything is answered before the task ends. */
  @Override
  public void endInput() throws Exception {
    while (!inFlight.isEmpty()) {
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

  private static long size(AdmittedPrompt prompt) {
    long key = prompt.getKey() == null ? 0 : prompt.getKey().remaining();
    return key + prompt.getValue().remaining() + prompt.getPromptTokens().remaining();
  }

  /** About its bytes in state: a character takes up to three, an id with a logprob up to nine. */
  private static long size(CachedAnswer answer) {
    long ids =
        answer.getTokens().stream().mapToLong(token -> 1 + token.getAlternatives().size()).sum();
    return 3L * answer.getText().length() + 9 * ids;
  }
}
