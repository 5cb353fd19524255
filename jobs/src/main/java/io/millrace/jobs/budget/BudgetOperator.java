package io.millrace.jobs.budget;

import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.metrics.BudgetRecorder;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.PromptSize;
import io.millrace.jobs.trace.PromptTracer;
import io.millrace.schemas.CostEvent;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * The budget vertex: lets a prompt through to its model if its tenant can pay for it, keyed by
 * tenant.
 *
 * <p>The first input are admitted prompts of all models, the second the rows of our own costs
 * topic, as committed. A prompt passes iff spent + reserved + bound is within the budget, the bound
 * being the most that it can cost; the bound is reserved until the prompt's final row comes back.
 * Rows come late, at the commit of a checkpoint, but what they tell was reserved all the time: so
 * no number of prompts at once spends more than the budget, as long as none costs more than its
 * bound.
 *
 * <p>What does not pass waits or becomes a dead letter, as the budget says. Those that wait go in
 * the order of arrival, and the first is never overtaken, however large it is; they are looked at
 * when a row comes back and when a period begins. One whose deadline passes goes on, to be answered
 * as expired, which costs nothing.
 *
 * <p>Dead letters are the main output, prompts a side output for each model.
 */
public final class BudgetOperator extends AbstractStreamOperator<DeadLetter>
    implements TwoInputStreamOperator<AdmittedPrompt, CostEvent, DeadLetter>,
        Triggerable<String, VoidNamespace> {
  private static final long serialVersionUID = 1L;

  /** Name of the vertex, and stage of its dead letters. */
  public static final String NAME = "budget";

  /** The gauge of prompts that wait. */
  public static final String DEFERRED_METRIC = "budgetDeferredPrompts";

  /** The gauge of prompts with a reservation. */
  public static final String RESERVED_METRIC = "budgetReservedPrompts";

  private static final long SECOND_MS = TimeUnit.SECONDS.toMillis(1);

  // Configuration.
  private final BudgetSpec spec;

  // Runtime, the task's thread only.
  private transient BudgetState state;
  private transient InternalTimerService<VoidNamespace> timers;
  private transient BudgetRecorder recorder;
  private transient PromptTracer tracer;
  private transient Counter rejected;
  private transient Counter boundExceeded;
  private transient long deferred;
  private transient long reserved;

  public BudgetOperator(BudgetSpec spec) {
    this.spec = spec;
  }

  @Override
  public void open() throws Exception {
    super.open();
    state = new BudgetState(this, getRuntimeContext());
    timers = getInternalTimerService("wake", VoidNamespaceSerializer.INSTANCE, this);
    getMetricGroup().gauge(DEFERRED_METRIC, () -> deferred);
    getMetricGroup().gauge(RESERVED_METRIC, () -> reserved);
    recorder = new BudgetRecorder(getMetricGroup(), spec.metricsTenantsMax(), this::nowMs);
    tracer = PromptTracer.open(spec.trace(), NAME, getMetricGroup());
    rejected = getMetricGroup().counter("budgetRejectedPrompts");
    boundExceeded = getMetricGroup().counter("budgetBoundExceeded");
    for (String tenant : BudgetState.tenants(getKeyedStateBackend())) {
      setCurrentKey(tenant);
      TenantBooks books = state.of(tenant);
      deferred += books.deferred().count();
      reserved += books.account().reservations();
      tell(tenant, books);
      if (!books.deferred().isEmpty()) {
        // Budgets and prices may be others than before.
        timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, nowMs());
      }
    }
  }

  @Override
  public void processElement1(StreamRecord<AdmittedPrompt> element) throws Exception {
    AdmittedPrompt prompt = element.getValue();
    Budget budget = spec.budgets().of(prompt.getTenant());
    if (budget == null || DeferredPrompts.expired(prompt, nowMs())) {
      forward(prompt);
      return;
    }
    TenantBooks books = state.of(prompt.getTenant());
    tell(prompt.getTenant(), books);
    Verdict verdict = judge(prompt, budget, books.account());
    if (verdict.kind() == Verdict.Kind.NEVER) {
      reject(prompt, verdict.code(), verdict.reason(), false);
    } else if (verdict.kind() == Verdict.Kind.ADMIT && books.deferred().isEmpty()) {
      admit(prompt, verdict.bound(), books.account());
    } else if (budget.over() == Budget.Over.REJECT && verdict.kind() == Verdict.Kind.LATER) {
      reject(prompt, verdict.code(), verdict.reason(), true);
    } else {
      defer(prompt, budget, books.deferred());
    }
  }

  @Override
  public void processElement2(StreamRecord<CostEvent> element) throws Exception {
    CostEvent row = element.getValue();
    TenantBooks books = state.of(row.getTenant());
    int before = books.account().reservations();
    if (books.account().settle(row, nowMs())) {
      boundExceeded.inc();
    }
    reserved += books.account().reservations() - before;
    tell(row.getTenant(), books);
    drain(row.getTenant(), books);
  }

  private void tell(String tenant, TenantBooks books) {
    Budget budget = spec.budgets().of(tenant);
    if (budget != null) {
      long nowMs = nowMs();
      recorder.books(
          tenant,
          budget.limitUsd(),
          books.account().spent(budget.period(), nowMs),
          budget.period().nextStartMs(nowMs));
    }
  }

  /** A period begins, or a deadline passes. */
  @Override
  public void onProcessingTime(InternalTimer<String, VoidNamespace> timer) throws Exception {
    String tenant = timer.getKey();
    TenantBooks books = state.of(tenant);
    for (AdmittedPrompt expired : books.deferred().takeExpired(nowMs())) {
      deferred--;
      forward(expired);
    }
    drain(tenant, books);
    Budget budget = spec.budgets().of(tenant);
    if (!books.deferred().isEmpty() && budget != null) {
      wakeAt(budget.period().nextStartMs(nowMs()));
    }
  }

  @Override
  public void onEventTime(InternalTimer<String, VoidNamespace> timer) {
    throw new IllegalStateException("no timer of event time is ever set");
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    state.write();
    super.snapshotState(context);
  }

  /** Lets those pass that can now, from the first on. */
  private void drain(String tenant, TenantBooks books) throws Exception {
    Budget budget = spec.budgets().of(tenant);
    while (!books.deferred().isEmpty()) {
      AdmittedPrompt first = books.deferred().first();
      Verdict verdict = budget == null ? null : judge(first, budget, books.account());
      if (verdict != null && verdict.kind() == Verdict.Kind.LATER) {
        return;
      }
      books.deferred().remove();
      deferred--;
      if (verdict == null) {
        forward(first);
      } else if (verdict.kind() == Verdict.Kind.ADMIT) {
        admit(first, verdict.bound(), books.account());
      } else {
        reject(first, verdict.code(), verdict.reason(), false);
      }
    }
  }

  /** Tokens of a prompt; of one whose tokens others count, its bytes, which are never fewer. */
  private static int promptTokensMax(AdmittedPrompt prompt) {
    return prompt.getChat() == null
        ? prompt.getPromptTokens().remaining() / Integer.BYTES
        : prompt.getChat().getBytes(StandardCharsets.UTF_8).length;
  }

  private Verdict judge(AdmittedPrompt prompt, Budget budget, Account account) {
    CostBound bound = spec.bounds().get(prompt.getModel());
    BigDecimal usd =
        bound == null
            ? null
            : bound.of(
                promptTokensMax(prompt),
                prompt.getSampling().getMaxTokens(),
                prompt.getSampling().getN(),
                nowMs());
    return Verdict.of(prompt.getTenant(), prompt.getModel(), budget, account, usd, nowMs());
  }

  private void admit(AdmittedPrompt prompt, BigDecimal bound, Account account) {
    int before = account.reservations();
    account.reserve(prompt.getRequestId(), bound);
    reserved += account.reservations() - before;
    forward(prompt);
  }

  private void defer(AdmittedPrompt prompt, Budget budget, DeferredPrompts waiting)
      throws Exception {
    if (waiting.count() >= spec.deferredMax()
        || waiting.bytes() + PromptSize.bytes(prompt) > spec.deferredBytesMax()) {
      reject(
          prompt,
          Verdict.EXCEEDED,
          "tenant "
              + prompt.getTenant()
              + " has spent or reserved its budget, and "
              + waiting.count()
              + " prompts of "
              + waiting.bytes()
              + " bytes wait already",
          true);
      return;
    }
    waiting.add(prompt);
    deferred++;
    wakeAt(budget.period().nextStartMs(nowMs()));
    if (prompt.getDeadlineMs() != null) {
      // At a whole second, so that many deadlines are one look.
      wakeAt(prompt.getDeadlineMs() / SECOND_MS * SECOND_MS + SECOND_MS);
    }
  }

  private void wakeAt(long timeMs) {
    if (timeMs > 0 && timeMs != Period.NEVER_MS) { // not: beyond what a long holds
      timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, timeMs);
    }
  }

  private void forward(AdmittedPrompt prompt) {
    AdmittedPrompt onward = prompt;
    if (DeferredPrompts.expired(prompt, nowMs())) {
      // Nothing is reserved for it: no other machine's clock may find time left.
      onward = AdmittedPrompt.newBuilder(prompt).setDeadlineMs(0L).build();
    }
    if (spec.outputs().containsKey(prompt.getModel())) {
      output.collect(spec.outputs().get(prompt.getModel()), new StreamRecord<>(onward));
    } else {
      String model = prompt.getModel();
      reject(prompt, "unknown_model", "there is no model " + model + " any more", false);
    }
  }

  private void reject(AdmittedPrompt prompt, String code, String reason, boolean retryable) {
    rejected.inc();
    DeadLetter letter = DeadLetter.of(prompt, NAME, code, reason, retryable);
    output.collect(new StreamRecord<>(letter));
    if (tracer != null) {
      tracer.refused(letter, prompt.getTimestampMs(), prompt.getAdmittedMs(), nowMs());
    }
  }

  @Override
  public void close() throws Exception {
    if (tracer != null) {
      tracer.close();
    }
    super.close();
  }

  private long nowMs() {
    return getProcessingTimeService().getCurrentProcessingTime();
  }
}
