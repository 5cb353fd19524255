package io.millrace.jobs.generate;

import io.millrace.jobs.cost.CostMeter;
import io.millrace.jobs.cost.Pricing;
import io.millrace.jobs.generate.CrashNotes.Note;
import io.millrace.jobs.kafka.Answer;
import io.millrace.jobs.metrics.GpuGauges;
import io.millrace.jobs.metrics.LlmRecorder;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.CachedAnswer;
import io.millrace.jobs.trace.PromptTracer;
import io.millrace.schemas.CacheOutcome;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.runtime.metrics.groups.TaskMetricGroup;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailbox;

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

  /** The gauge of prompts that a subtask holds, being generated or waiting. */
  public static final String BACKLOG_METRIC = "backlogPrompts";

  // Configuration.
  private final GenerateSpec spec;
  private final Outputs outputs;
  private final transient MailboxExecutor mailbox;

  /** Runs the system's mails as well as this operator's. */
  private final transient MailboxExecutor anyMail;

  private final transient LongSupplier nanoClock;

  // Runtime, the task's thread only.
  private final transient DeviceClock device;
  private transient Backlog backlog;
  private transient GenerateState state;
  private transient AnswerOutput answers;
  private transient PromptTracer tracer;
  private transient AnswersInFlight inFlight;
  private transient GenerateSpec.OpenedModel model;
  private transient EngineDriver driver;
  private transient DeviceState deviceState;
  private transient long restored;

  GenerateOperator(
      StreamOperatorParameters<Answer> parameters,
      GenerateSpec spec,
      Outputs outputs,
      LongSupplier nanoClock) {
    super(parameters);
    this.spec = spec;
    this.outputs = outputs;
    this.nanoClock = nanoClock;
    TaskMetricGroup task = parameters.getContainingTask().getEnvironment().getMetricGroup();
    long heldMs = task.getIOMetricGroup().getTaskInitializationDuration();
    this.device = new DeviceClock(nanoClock, nowMs(), heldMs, spec.idleInterval());
    this.mailbox = parameters.getMailboxExecutor();
    this.anyMail =
        parameters
            .getContainingTask()
            .getMailboxExecutorFactory()
            .createExecutor(TaskMailbox.MIN_PRIORITY);
  }

  @Override
  public void open() throws Exception {
    super.open();
    backlog = new Backlog(spec.backlogPromptsMax(), spec.backlogBytesMax());
    getMetricGroup().gauge(BACKLOG_METRIC, () -> backlog.prompts());
    state = new GenerateState(getRuntimeContext(), spec.cacheTtl());
    Pricing.Opening pricing = spec.pricing().begin(nowMs());
    model = openModel();
    CostMeter meter = pricing.meter(model.meters(), model.onGpu(), nowMs());
    model
        .meters()
        .ifPresent(
            meters -> GpuGauges.register(getMetricGroup(), spec.model(), model.backend(), meters));
    if (!model.hasDevice()) {
      device.off();
    }
    String stage = "generate-" + spec.model();
    tracer = PromptTracer.open(spec.trace(), stage, getMetricGroup());
    answers =
        new AnswerOutput(
            output,
            outputs,
            new AnswerWriter(spec.model(), model.backend(), meter, model.tokenizer()),
            new TokenEventWriter(spec.tokenEvents()),
            new LlmRecorder(
                getMetricGroup(), spec.model(), model.backend(), spec.metricsTenantsMax()),
            tracer);
    driver =
        new EngineDriver(
            getRuntimeContext().getTaskInfo().getTaskNameWithSubtasks(),
            CrashIsolation.of(
                model.engine(), getContainingTask().getEnvironment(), restored, spec, this::nowMs),
            spec.engineRequestsMax(),
            this::nowMs,
            nanoClock,
            mailbox);
    inFlight =
        new AnswersInFlight(
            this,
            state,
            backlog,
            new WaitingPrompts(spec.engineRequestsMax(), spec.overtakesMax()),
            driver,
            answers,
            device,
            this::nowMs,
            spec.cachedAnswerBytesMax(),
            spec.failedLeadersMax());
    resume();
    driver.start(inFlight::onStep);
    new TimeMarks(getProcessingTimeService(), output, spec.heartbeatInterval()).start();
  }

  private GenerateSpec.OpenedModel openModel() throws IOException {
    try {
      return spec.source()
          .open(AssignedGpu.of(getRuntimeContext().getExternalResourceInfos(AssignedGpu.RESOURCE)));
    } catch (MissingDeviceException e) {
      // A job that begins where its device is not would try for ever; one that ran may get it back.
      boolean begins = getRuntimeContext().getTaskInfo().getAttemptNumber() == 0;
      throw begins ? new SuppressRestartsException(e) : e;
    }
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    restored = context.getRestoredCheckpointId().orElse(Note.NO_CHECKPOINT);
    JobID job = getContainingTask().getEnvironment().getJobID();
    deviceState = new DeviceState(context.getOperatorStateStore(), job);
    deviceState.restore(device);
  }

  /**
   * Takes up the answers that the checkpoint left in progress. Those that another model began,
   * begin again: its tokens are not what this one would have drawn.
   */
  private void resume() throws Exception {
    int begunAgain = 0;
    List<String> fingerprints = GenerateState.keysInFlight(getKeyedStateBackend());
    for (String fingerprint : fingerprints) {
      setCurrentKey(fingerprint);
      String digest = state.leader().getModelDigest();
      if (digest != null && !digest.equals(model.digest().read())) {
        OptionalLong thrownAway = state.beginAgain();
        device.lost(thrownAway.orElse(0));
        begunAgain += thrownAway.isPresent() ? 1 : 0;
      }
      inFlight.resume();
    }
    inFlight.feedEngine();
    if (!fingerprints.isEmpty()) {
      LOG.info("{} prompts that the checkpoint holds go on", fingerprints.size());
    }
    if (begunAgain > 0) {
      LOG.warn("the model has changed: {} answers in progress begin again", begunAgain);
    }
  }

  @Override
  public void processElement(StreamRecord<AdmittedPrompt> element) throws Exception {
    AdmittedPrompt prompt = element.getValue();
    long nowMs = nowMs();
    CachedAnswer cached = prompt.getCacheRead() ? state.cached(nowMs) : null;
    if (GenerateState.deadlineMs(prompt) <= nowMs) {
      answers.expired(prompt, nowMs);
    } else if (cached != null) {
      answers.reused(prompt, cached, CacheOutcome.hit, nowMs);
    } else {
      inFlight.add(prompt);
      inFlight.feedEngine();
    }
    // The prompt is in keyed state now, and nothing follows: any mail may run, a checkpoint's too.
    backlog.awaitRoom(anyMail);
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    inFlight.record();
    deviceState.record(device);
    super.snapshotState(context);
  }

  /** For bounded inputs: everything is answered before the task ends. */
  @Override
  public void endInput() throws Exception {
    while (!inFlight.isEmpty()) {
      mailbox.yield();
    }
    device.last().forEach(booking -> answers.device(booking, nowMs()));
  }

  @Override
  public void close() throws Exception {
    try {
      if (driver != null) {
        driver.close();
      } else if (model != null) {
        model.engine().close();
      }
    } finally {
      try {
        if (model != null) {
          model.release().run();
        }
      } finally {
        if (tracer != null) {
          tracer.close();
        }
        super.close();
      }
    }
  }

  private long nowMs() {
    return getProcessingTimeService().getCurrentProcessingTime();
  }
}
