package io.millrace.jobs.budget;

import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.Sampling;
import io.millrace.jobs.trace.TraceSpec;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;
import org.apache.flink.util.OutputTag;

/** A budget operator in Flink's harness, with one model whose tokens cost at most a cent. */
final class BudgetHarness implements AutoCloseable {
  /** In the middle of an hour, a day and a month. */
  static final long START_MS = Instant.parse("2026-11-10T12:30:00Z").toEpochMilli();

  static final int DEFERRED_MAX = 100;

  private static final OutputTag<AdmittedPrompt> PROMPTS =
      new OutputTag<>("default", new AvroTypeInfo<>(AdmittedPrompt.class));

  final KeyedTwoInputStreamOperatorTestHarness<String, AdmittedPrompt, CostEvent, DeadLetter> flink;
  private int passedBefore;

  BudgetHarness(Budgets budgets) throws Exception {
    this(budgets, DEFERRED_MAX, 1 << 20, CostBound.ceiling(new BigDecimal("0.01")));
  }

  BudgetHarness(Budgets budgets, int deferredMax, long deferredBytesMax, CostBound bound)
      throws Exception {
    flink =
        new KeyedTwoInputStreamOperatorTestHarness<>(
            new BudgetOperator(
                new BudgetSpec(
                    budgets,
                    Map.of("default", bound),
                    Map.of("default", PROMPTS),
                    50,
                    deferredMax,
                    deferredBytesMax,
                    TraceSpec.OFF)),
            AdmittedPrompt::getTenant,
            CostEvent::getTenant,
            Types.STRING,
            720,
            1,
            0);
    flink.setup(
        TypeInformation.of(DeadLetter.class)
            .createSerializer(flink.getExecutionConfig().getSerializerConfig()));
    flink.setProcessingTime(START_MS);
  }

  /** Keeps the state elsewhere than on the heap. */
  BudgetHarness on(StateBackend backend) {
    flink.setStateBackend(backend);
    return this;
  }

  BudgetHarness open() throws Exception {
    flink.open();
    return this;
  }

  BudgetHarness restore(OperatorSubtaskState state) throws Exception {
    flink.initializeState(state);
    return open();
  }

  OperatorSubtaskState snapshot() throws Exception {
    return flink.snapshot(1, START_MS);
  }

  void send(AdmittedPrompt... prompts) throws Exception {
    for (AdmittedPrompt prompt : prompts) {
      flink.processElement1(prompt, START_MS);
    }
  }

  void settle(CostEvent... rows) throws Exception {
    for (CostEvent row : rows) {
      flink.processElement2(row, START_MS);
    }
  }

  /** Offsets of the prompts that went on since the last call. */
  List<Long> passed() {
    List<AdmittedPrompt> all = allPassed();
    List<Long> passed =
        all.subList(passedBefore, all.size()).stream().map(AdmittedPrompt::getOffset).toList();
    passedBefore = all.size();
    return passed;
  }

  List<AdmittedPrompt> allPassed() {
    Queue<StreamRecord<AdmittedPrompt>> records = flink.getSideOutput(PROMPTS);
    return records == null
        ? List.of()
        : new ArrayList<>(records).stream().map(StreamRecord::getValue).toList();
  }

  List<DeadLetter> rejected() {
    return flink.extractOutputValues();
  }

  @Override
  public void close() throws Exception {
    flink.close();
  }

  /** A prompt of acme's that can cost so many cents. */
  static AdmittedPrompt prompt(long offset, int cents) {
    return prompt("acme", offset, cents);
  }

  static AdmittedPrompt prompt(String tenant, long offset, int cents) {
    return AdmittedPrompt.newBuilder()
        .setRequestId("prompts-0-" + offset)
        .setTopic("prompts")
        .setPartition(0)
        .setOffset(offset)
        .setValue(ByteBuffer.wrap(new byte[] {1, 2, 3}))
        .setTenant(tenant)
        .setModel("default")
        .setFingerprint("print " + offset)
        .setPromptTokens(ByteBuffer.wrap(new byte[Integer.BYTES]))
        .setSampling(
            Sampling.newBuilder()
                .setTemperature(0)
                .setTopK(0)
                .setTopP(1)
                .setMinP(0)
                .setRepetitionPenalty(1)
                .setSeed(0)
                .setMaxTokens(cents - 1)
                .setStop(List.of())
                .setLogprobs(-1)
                .build())
        .setCacheTtlMs(60_000)
        .setAdmittedMs(START_MS)
        .build();
  }

  /** The final row of a prompt, which did cost so many cents. */
  static CostEvent row(AdmittedPrompt prompt, String cents) {
    return row(prompt, cents, START_MS);
  }

  static CostEvent row(AdmittedPrompt prompt, String cents, long timeMs) {
    return CostEvent.newBuilder()
        .setKind(CostKind.request)
        .setIsFinal(true)
        .setRequestId(prompt.getRequestId())
        .setTenant(prompt.getTenant())
        .setModel("default")
        .setStatus(RequestStatus.generated)
        .setEventTime(Instant.ofEpochMilli(timeMs))
        .setTotalUsd(cents == null ? null : new BigDecimal(cents).movePointLeft(2).setScale(24))
        .build();
  }
}
