package io.millrace.jobs.admit;

import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.kafka.PromptRecord;
import io.millrace.jobs.state.AdmittedPrompt;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * The admit vertex: what can be answered goes on to its model's generate vertex, anything else
 * becomes a dead letter with its reason. No record, however bad, fails the job here.
 *
 * <p>Dead letters are the main output, prompts a side output for each model.
 */
public final class AdmitFunction extends ProcessFunction<PromptRecord, DeadLetter> {
  private static final long serialVersionUID = 1L;

  /** Name of the vertex, and stage of its dead letters. */
  public static final String NAME = "admit";

  private final AdmissionSpec spec;
  private final Map<String, OutputTag<AdmittedPrompt>> byModel;

  private transient PromptDecoder decoder;
  private transient Admission admission;

  /**
   * @param spec the rules, from the configuration
   * @param byModel where the prompts of each model go
   */
  public AdmitFunction(AdmissionSpec spec, Map<String, OutputTag<AdmittedPrompt>> byModel) {
    this.spec = spec;
    this.byModel = Map.copyOf(byModel);
  }

  @Override
  public void open(OpenContext context) throws Exception {
    decoder = spec.decoder();
    admission = spec.admission();
  }

  @Override
  public void processElement(PromptRecord record, Context context, Collector<DeadLetter> out) {
    try {
      AdmittedPrompt prompt =
          admission.admit(
              record,
              decoder.decode(record.value()),
              context.timerService().currentProcessingTime());
      context.output(byModel.get(prompt.getModel()), prompt);
    } catch (RejectedPromptException e) {
      out.collect(
          new DeadLetter(
              record.key(),
              record.value(),
              record.topic(),
              record.partition(),
              record.offset(),
              NAME,
              e.code(),
              e.getMessage(),
              e.retryable()));
    }
  }
}
