package io.millrace.jobs.generate;

import io.millrace.jobs.kafka.Answer;
import io.millrace.jobs.state.AdmittedPrompt;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.ChainingStrategy;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;

/** Makes a {@link GenerateOperator} in each of the vertex's tasks. */
public final class GenerateOperatorFactory extends AbstractStreamOperatorFactory<Answer>
    implements OneInputStreamOperatorFactory<AdmittedPrompt, Answer> {
  private static final long serialVersionUID = 1L;

  private final GenerateSpec spec;
  private final Outputs outputs;
  private final DeviceClock.NanoClock nanoClock;

  public GenerateOperatorFactory(GenerateSpec spec, Outputs outputs) {
    this(spec, outputs, System::nanoTime);
  }

  GenerateOperatorFactory(GenerateSpec spec, Outputs outputs, DeviceClock.NanoClock nanoClock) {
    this.spec = spec;
    this.outputs = outputs;
    this.nanoClock = nanoClock;
    // An operator that yields must head its chain: upstream ones would be entered again.
    setChainingStrategy(ChainingStrategy.HEAD);
  }

  @Override
  // The interface's own signature; Flink's factories cast so: T is the operator it made.
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  public <T extends StreamOperator<Answer>> T createStreamOperator(
      StreamOperatorParameters<Answer> parameters) {
    return (T) new GenerateOperator(parameters, spec, outputs, nanoClock);
  }

  @Override
  @SuppressWarnings("rawtypes") // The interface's own signature.
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return GenerateOperator.class;
  }
}
