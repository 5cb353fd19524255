package io.millrace.jobs.admit;

import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.kafka.PromptRecord;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.trace.PromptTracer;
import io.millrace.jobs.trace.TraceSpec;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The admit vertex: what can be answered goes on to its model's generate vertex, anything else
 * becomes a dead letter with its reason. No record, however bad, fails the job here.
 *
 * <p>Dead letters are the main output, prompts a side output for each model.
 */
public final class AdmitFunction extends ProcessFunction<PromptRecord, DeadLetter> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(AdmitFunction.class);

  /** Name of the vertex, and stage of its dead letters. */
  public static final String NAME = "admit";

  private final AdmissionSpec spec;
  private final Map<String, OutputTag<AdmittedPrompt>> byModel;

  private final TraceSpec trace;

  private transient PromptDecoder decoder;
  private transient Admission admission;
  private transient PromptTracer tracer;

  /**
   * @param spec the rules, from the configuration
   * @param byModel where the prompts of each model go
   * @param trace how those that go nowhere are traced
   */
  public AdmitFunction(
      AdmissionSpec spec, Map<String, OutputTag<AdmittedPrompt>> byModel, TraceSpec trace) {
    this.spec = spec;
    this.byModel = Map.copyOf(byModel);
    this.trace = trace;
  }

  @Override
  public void open(OpenContext context) throws Exception {
    decoder = spec.decoder();
    admission = spec.admission();
    tracer = PromptTracer.open(trace, NAME, getRuntimeContext().getMetricGroup());
  }

  @Override
  public void close() {
    if (tracer != null) {
      tracer.close();
    }
  }

  @Override
  public void processElement(PromptRecord record, Context context, Collector<DeadLetter> out) {
    AdmittedPrompt prompt;
    long nowMs = context.timerService().currentProcessingTime();
    try {
      prompt = admit(record, nowMs);
    } catch (RejectedPromptException e) {
      DeadLetter letter = letter(record, e);
      out.collect(letter);
      if (tracer != null) {
        tracer.refused(letter, record.timestampMs(), nowMs, nowMs);
      }
      return;
    }
    context.output(byModel.get(prompt.getModel()), prompt);
  }

  private AdmittedPrompt admit(PromptRecord record, long nowMs) throws RejectedPromptException {
    try {
      return admission.admit(record, decoder.decode(record), nowMs);
    } catch (RuntimeException | StackOverflowError e) {
      // A fault of ours, or of a model's template. Failing would meet the same record again, and
      // for ever. Its message may quote the prompt, so that only its kind and place are told.
      StackTraceElement[] trace = e.getStackTrace();
      LOG.warn(
          "{} could not be admitted: {} at {}",
          record.requestId(),
          e.getClass().getName(),
          trace.length > 0 ? trace[0] : "an unknown place");
      throw RejectedPromptException.retryable(
          "internal_error", "admission failed: " + e.getClass().getSimpleName());
    }
  }

  private static DeadLetter letter(PromptRecord record, RejectedPromptException e) {
    return new DeadLetter(
        record.key(),
        record.value(),
        record.topic(),
        record.partition(),
        record.offset(),
        record.tenant(),
        record.traceparent(),
        record.deadline(),
        NAME,
        e.code(),
        e.getMessage(),
        e.retryable(),
        record.replays());
  }
}
