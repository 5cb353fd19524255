package io.millrace.jobs.generate;

import io.millrace.engine.Engine;
import io.millrace.engine.backend.DeviceMeters;
import io.millrace.jobs.MillraceOptions.TokenEvents;
import io.millrace.jobs.cost.Pricing;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import io.millrace.jobs.kafka.Answer;
import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.Sampling;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.jobs.trace.TraceSpec;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.Response;
import io.millrace.schemas.TokenEvent;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.externalresource.ExternalResourceInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.streaming.api.graph.StreamConfig;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.mailbox.Mail;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailbox;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.util.OutputTag;

/** A generate operator in Flink's harness, with an engine that a test steps. */
final class GenerateHarness implements AutoCloseable {
  static final long START_MS = 1_000_000;
  static final int MAX_PARALLELISM = 720;
  static final int FAILED_LEADERS_MAX = 2;
  static final Duration IDLE_INTERVAL = Duration.ofSeconds(10);
  static final Duration HEARTBEAT_INTERVAL = Duration.ofSeconds(7);

  /** A restore is a restart within this job. */
  private static final JobID JOB = new JobID();

  private static final GpuInfo GPU = new GpuInfo(Map.of("index", "3"));

  /** As Flink's driver of GPUs tells of one. */
  record GpuInfo(Map<String, String> properties) implements ExternalResourceInfo {
    @Override
    public Optional<String> getProperty(String key) {
      return Optional.ofNullable(properties.get(key));
    }

    @Override
    public Collection<String> getKeys() {
      return properties.keySet();
    }
  }

  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long POLL_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

  private final OutputTag<TokenEvent> tokens =
      new OutputTag<>("tokens", new AvroTypeInfo<>(TokenEvent.class));
  private final OutputTag<CostEvent> costs =
      new OutputTag<>("costs", new AvroTypeInfo<>(CostEvent.class));
  private final OutputTag<DeadLetter> deadLetters =
      new OutputTag<>("dead-letters", TypeInformation.of(DeadLetter.class));

  final FakeEngine engine;
  private final MockEnvironment task;
  final OneInputStreamOperatorTestHarness<AdmittedPrompt, Answer> flink;

  /** The model's, as it is opened. */
  String digest = "digest";

  /** The model's device's. */
  DeviceMeters meters;

  /** What opening the model fails with. */
  RuntimeException failure;

  /** The GPU that the model was to be opened on. */
  OptionalInt gpu;

  GenerateHarness(FakeEngine engine, int backlog) throws Exception {
    this(engine, backlog, 1, 0);
  }

  GenerateHarness(FakeEngine engine, int backlog, int parallelism, int subtask) throws Exception {
    this(engine, 100, backlog, parallelism, subtask);
  }

  /**
   * @param engineRequests how many the engine is given at once
   */
  GenerateHarness(FakeEngine engine, int engineRequests, int backlog, int parallelism, int subtask)
      throws Exception {
    this(engine, engineRequests, backlog, parallelism, subtask, new AtomicLong());
  }

  /**
   * @param nanoClock the device's time, nanoseconds since {@link #START_MS}; moves only as a test
   *     says
   */
  GenerateHarness(
      FakeEngine engine,
      int engineRequests,
      int backlog,
      int parallelism,
      int subtask,
      AtomicLong nanoClock)
      throws Exception {
    this(
        engine,
        engine,
        "fake",
        Pricing.deviceHour(new BigDecimal("3.60")),
        engineRequests,
        backlog,
        parallelism,
        subtask,
        nanoClock,
        TraceSpec.OFF);
  }

  /**
   * With traces.
   *
   * @param fake what the test steps
   * @param engine what the operator is given: the same, or one around it
   */
  static GenerateHarness traced(FakeEngine fake, Engine engine, TraceSpec trace) throws Exception {
    Pricing pricing = Pricing.deviceHour(new BigDecimal("3.60"));
    return new GenerateHarness(
        fake, engine, "fake", pricing, 100, 100, 1, 0, new AtomicLong(), trace);
  }

  /** On a GPU, of which Flink says that it is number 3. */
  static GenerateHarness cuda(FakeEngine engine, Pricing pricing) throws Exception {
    return new GenerateHarness(
        engine, engine, "cuda", pricing, 100, 100, 1, 0, new AtomicLong(), TraceSpec.OFF);
  }

  /** With an engine whose models others serve, and which no test steps. */
  static GenerateHarness remote(Engine engine, Pricing pricing) throws Exception {
    return new GenerateHarness(
        null, engine, "openai", pricing, 100, 100, 1, 0, new AtomicLong(), TraceSpec.OFF);
  }

  private GenerateHarness(
      FakeEngine fake,
      Engine engine,
      String backend,
      Pricing pricing,
      int engineRequests,
      int backlog,
      int parallelism,
      int subtask,
      AtomicLong nanoClock,
      TraceSpec trace)
      throws Exception {
    this.engine = fake;
    this.task =
        new MockEnvironmentBuilder()
            .setJobID(JOB)
            .setManagedMemorySize(3 << 20)
            .setMaxParallelism(MAX_PARALLELISM)
            .setParallelism(parallelism)
            .setSubtaskIndex(subtask)
            .setExternalResourceInfoProvider(
                name -> backend.equals("cuda") && name.equals("gpu") ? Set.of(GPU) : Set.of())
            .build();
    GenerateSpec spec =
        new GenerateSpec(
            "default",
            on -> {
              gpu = on;
              if (failure != null) {
                throw failure;
              }
              return new OpenedModel(
                  engine,
                  FakeEngine.TOKENIZER,
                  backend,
                  () -> digest,
                  Optional.ofNullable(meters),
                  () -> {});
            },
            pricing,
            engineRequests,
            3,
            backlog,
            1 << 20,
            Duration.ofHours(1),
            1000,
            TokenEvents.TOKEN,
            FAILED_LEADERS_MAX,
            2,
            IDLE_INTERVAL,
            50,
            HEARTBEAT_INTERVAL,
            trace);
    flink =
        new OneInputStreamOperatorTestHarness<>(
            new GenerateOperatorFactory(
                spec, new Outputs(tokens, costs, deadLetters), nanoClock::get),
            task);
    KeySelector<AdmittedPrompt, String> key = AdmittedPrompt::getFingerprint;
    StreamConfig config = flink.getStreamConfig();
    config.setStatePartitioner(0, key);
    config.setStateKeySerializer(StringSerializer.INSTANCE);
    config.serializeAllConfigs();
    flink.setProcessingTime(START_MS + TimeUnit.NANOSECONDS.toMillis(nanoClock.get()));
    flink.setup(
        TypeInformation.of(Answer.class)
            .createSerializer(flink.getExecutionConfig().getSerializerConfig()));
  }

  /** Keeps the state elsewhere than on the heap. */
  GenerateHarness on(StateBackend backend) {
    flink.setStateBackend(backend);
    return this;
  }

  GenerateHarness open() throws Exception {
    flink.open();
    return this;
  }

  GenerateHarness restore(OperatorSubtaskState state) throws Exception {
    flink.initializeState(state);
    return open();
  }

  void send(AdmittedPrompt... prompts) throws Exception {
    for (AdmittedPrompt prompt : prompts) {
      flink.processElement(prompt, START_MS);
    }
  }

  /** Lets timers go off that are due within this time. */
  void timePasses(long millis) throws Exception {
    flink.setProcessingTime(flink.getProcessingTime() + millis);
  }

  /** Runs mails until the condition holds. */
  void runUntil(BooleanSupplier condition) throws Exception {
    long deadline = System.nanoTime() + WAIT_NANOS;
    TaskMailbox mailbox = flink.getTaskMailbox();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the condition did not come true in time");
      }
      Optional<Mail> mail = mailbox.tryTake(TaskMailbox.MIN_PRIORITY);
      if (mail.isPresent()) {
        mail.get().run();
      } else {
        // Not take(): an engine that waits for steps sends no tick, and nothing would time out.
        LockSupport.parkNanos(this, POLL_NANOS);
      }
    }
  }

  /** Runs mails until the engine has done all that it is allowed to, and has told of it. */
  void runUntilEngineWaits() throws Exception {
    runUntil(() -> engine.waitsForSteps() || inFlight().isEmpty());
    TaskMailbox mailbox = flink.getTaskMailbox();
    for (Optional<Mail> mail = mailbox.tryTake(TaskMailbox.MIN_PRIORITY);
        mail.isPresent();
        mail = mailbox.tryTake(TaskMailbox.MIN_PRIORITY)) {
      mail.get().run();
    }
  }

  List<Response> responses() {
    List<Response> responses = new ArrayList<>();
    flink.extractOutputValues().forEach(answer -> responses.add(answer.response()));
    return responses;
  }

  /** The times that were told to those after it, epoch milliseconds. */
  List<Long> timeMarks() {
    return flink.getOutput().stream()
        .filter(Watermark.class::isInstance)
        .map(mark -> ((Watermark) mark).getTimestamp())
        .toList();
  }

  /** Of requests. */
  List<CostEvent> costs() {
    return ledger().stream().filter(row -> row.getKind() == CostKind.request).toList();
  }

  /** All cost rows. */
  List<CostEvent> ledger() {
    return values(flink.getSideOutput(costs));
  }

  List<TokenEvent> tokens() {
    return values(flink.getSideOutput(tokens));
  }

  List<DeadLetter> deadLetters() {
    return values(flink.getSideOutput(deadLetters));
  }

  /** Fingerprints with an answer in progress in keyed state. */
  List<String> inFlight() {
    return GenerateState.keysInFlight(flink.getOperator().getKeyedStateBackend());
  }

  /** The texts of a request's token events, in order. */
  String streamed(String requestId) {
    StringBuilder text = new StringBuilder();
    tokens().stream()
        .filter(event -> event.getRequestId().equals(requestId))
        .forEach(event -> text.append(event.getText()));
    return text.toString();
  }

  private static <T> List<T> values(Queue<StreamRecord<T>> records) {
    Collection<StreamRecord<T>> some = records == null ? List.of() : records;
    return some.stream().map(StreamRecord::getValue).toList();
  }

  @Override
  public void close() throws Exception {
    flink.close();
    task.close();
  }

  /** A prompt whose fingerprint is its text. */
  static AdmittedPrompt prompt(long offset, String text) {
    int[] ids = FakeEngine.tokens(text);
    ByteBuffer bytes = ByteBuffer.allocate(ids.length * Integer.BYTES);
    bytes.asIntBuffer().put(ids);
    return AdmittedPrompt.newBuilder()
        .setRequestId("prompts-0-" + offset)
        .setTopic("prompts")
        .setPartition(0)
        .setOffset(offset)
        .setKey(null)
        .setValue(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)))
        .setTenant("acme")
        .setModel("default")
        .setFingerprint(text)
        .setModelDigest("digest")
        .setPromptTokens(bytes)
        .setSampling(
            Sampling.newBuilder()
                .setTemperature(0)
                .setTopK(0)
                .setTopP(1)
                .setMinP(0)
                .setRepetitionPenalty(1)
                .setSeed(0)
                .setMaxTokens(100)
                .setStop(List.of())
                .setLogprobs(-1)
                .build())
        .setCacheTtlMs(60_000)
        .setAdmittedMs(START_MS)
        .build();
  }
}
