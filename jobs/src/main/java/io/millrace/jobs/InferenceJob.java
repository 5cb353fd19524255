package io.millrace.jobs;

import io.millrace.jobs.admit.AdmissionSpec;
import io.millrace.jobs.admit.AdmitFunction;
import io.millrace.jobs.budget.BudgetOperator;
import io.millrace.jobs.cost.HeartbeatOperator;
import io.millrace.jobs.generate.GenerateOperatorFactory;
import io.millrace.jobs.generate.GenerateSpec;
import io.millrace.jobs.generate.Outputs;
import io.millrace.jobs.kafka.Answer;
import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.kafka.KafkaAccess;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.kafka.PromptRecord;
import io.millrace.jobs.kafka.Sinks;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.TokenEvent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.OutputTag;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The main job: prompts in, answers and their costs out.
 *
 * <pre>
 *   prompts ──> admit ──> generate: MODEL ──┬──> responses
 *                 │       (one a model)     ├──> tokens
 *                 │                         ├──> costs
 *                 └─────────────────────────┴──> dead-letters
 * </pre>
 *
 * With budgets, what is admitted passes a vertex more, which reads our own costs back:
 *
 * <pre>
 *   admit ──> budget ──> generate: MODEL
 *   costs ──────┘ └────> dead-letters
 * </pre>
 */
public final class InferenceJob {
  private static final Logger LOG = LoggerFactory.getLogger(InferenceJob.class);

  /** The slots of everything but the engines. */
  private static final String CPU_SLOTS = "cpu";

  private InferenceJob() {}

  /**
   * Lays the graph of a job without budgets.
   *
   * @throws IllegalArgumentException naming an option that is wrong, or if budgets are configured
   */
  public static void define(
      StreamExecutionEnvironment env,
      Source<PromptRecord, ?, ?> prompts,
      Sinks sinks,
      Configuration options,
      Models models) {
    define(env, prompts, null, sinks, options, models);
  }

  /**
   * Lays the job's graph.
   *
   * @param costs what the job itself writes, committed, from the first row; read where there are
   *     budgets
   * @param models opens the configured models where they are needed
   * @throws IllegalArgumentException naming an option that is wrong
   */
  public static void define(
      StreamExecutionEnvironment env,
      Source<PromptRecord, ?, ?> prompts,
      Source<CostEvent, ?, ?> costs,
      Sinks sinks,
      Configuration options,
      Models models) {
    MillraceOptions.validate(options);
    boolean budgets = options.contains(BudgetOptions.FILE);
    if (budgets && costs == null) {
      throw new IllegalArgumentException(BudgetOptions.FILE.key() + " needs the costs topic");
    }
    // Batch mode would clear keyed state at every change of key.
    env.setRuntimeMode(RuntimeExecutionMode.STREAMING);
    env.setMaxParallelism(options.get(MillraceOptions.MAX_PARALLELISM));
    env.configure(
        new Configuration()
            .set(PipelineOptions.GENERIC_TYPES, false)
            .set(PipelineOptions.AUTO_GENERATE_UIDS, false));

    Outputs outputs =
        new Outputs(
            tag("tokens", TokenEvent.class),
            tag("costs", CostEvent.class),
            new OutputTag<>("dead-letters", TypeInformation.of(DeadLetter.class)));
    Map<String, OutputTag<AdmittedPrompt>> byModel = new LinkedHashMap<>();
    options.get(MillraceOptions.MODELS).forEach(m -> byModel.put(m, tag(m, AdmittedPrompt.class)));

    SingleOutputStreamOperator<DeadLetter> admitted =
        env.fromSource(prompts, WatermarkStrategy.noWatermarks(), "prompts")
            .uid("prompts")
            .slotSharingGroup(CPU_SLOTS)
            .process(
                new AdmitFunction(
                    new AdmissionSpec(options, models::profile),
                    byModel,
                    TraceOptions.spec(options)))
            .returns(TypeInformation.of(DeadLetter.class))
            .name(AdmitFunction.NAME)
            .uid(AdmitFunction.NAME)
            .slotSharingGroup(CPU_SLOTS);
    SingleOutputStreamOperator<DeadLetter> paid =
        budgets ? budgeted(env, admitted, costs, options, byModel) : admitted;

    List<SingleOutputStreamOperator<Answer>> generated =
        byModel.entrySet().stream()
            .map(
                entry ->
                    generate(
                        paid.getSideOutput(entry.getValue()),
                        GenerateSpecs.of(options, entry.getKey(), models),
                        options.get(new ModelOptions(entry.getKey()).parallelism),
                        outputs))
            .toList();

    sink(union(generated), sinks.responses(), "responses");
    sink(
        union(generated.stream().map(g -> g.getSideOutput(outputs.tokens())).toList())
            .keyBy(TokenEvent::getRequestId),
        sinks.tokens(),
        "tokens");
    sink(
        union(generated.stream().map(g -> g.getSideOutput(outputs.costs())).toList())
            .transform(
                HeartbeatOperator.NAME,
                new AvroTypeInfo<>(CostEvent.class),
                new HeartbeatOperator())
            .uid(HeartbeatOperator.NAME)
            .slotSharingGroup(CPU_SLOTS),
        sinks.costs(),
        "costs");
    sink(
        union(generated.stream().map(g -> g.getSideOutput(outputs.deadLetters())).toList())
            .union(budgets ? admitted.union(paid) : admitted),
        sinks.deadLetters(),
        "dead-letters");
  }

  private static SingleOutputStreamOperator<DeadLetter> budgeted(
      StreamExecutionEnvironment env,
      SingleOutputStreamOperator<DeadLetter> admitted,
      Source<CostEvent, ?, ?> costs,
      Configuration options,
      Map<String, OutputTag<AdmittedPrompt>> byModel) {
    DataStream<CostEvent> rows =
        env.fromSource(costs, WatermarkStrategy.noWatermarks(), "budget-costs")
            .uid("budget-costs")
            .slotSharingGroup(CPU_SLOTS)
            .filter(row -> row.getKind() == CostKind.request && row.getTenant() != null)
            .name("budget-rows")
            .uid("budget-rows")
            .slotSharingGroup(CPU_SLOTS);
    return union(byModel.values().stream().map(admitted::getSideOutput).toList())
        .keyBy(AdmittedPrompt::getTenant)
        .connect(rows.keyBy(CostEvent::getTenant))
        .transform(
            BudgetOperator.NAME,
            TypeInformation.of(DeadLetter.class),
            new BudgetOperator(BudgetSpecs.of(options, byModel)))
        .uid(BudgetOperator.NAME)
        .slotSharingGroup(CPU_SLOTS);
  }

  private static SingleOutputStreamOperator<Answer> generate(
      DataStream<AdmittedPrompt> prompts, GenerateSpec spec, int parallelism, Outputs outputs) {
    return prompts
        .keyBy(AdmittedPrompt::getFingerprint)
        .transform(
            "generate: " + spec.model(),
            TypeInformation.of(Answer.class),
            new GenerateOperatorFactory(spec, outputs))
        .uid("generate-" + spec.model())
        .setParallelism(parallelism)
        .slotSharingGroup("gpu-" + spec.model());
  }

  private static <T> void sink(DataStream<T> stream, Sink<T> sink, String name) {
    stream.sinkTo(sink).name(name).uid(name).slotSharingGroup(CPU_SLOTS);
  }

  private static <T> DataStream<T> union(List<? extends DataStream<T>> streams) {
    DataStream<T> all = streams.get(0);
    for (DataStream<T> stream : streams.subList(1, streams.size())) {
      all = all.union(stream);
    }
    return all;
  }

  private static <T extends org.apache.avro.specific.SpecificRecordBase> OutputTag<T> tag(
      String name, Class<T> type) {
    return new OutputTag<>(name, new AvroTypeInfo<>(type));
  }

  /**
   * Runs the job on the cluster that it is submitted to: {@code --config FILE}, {@code
   * -Dkey=value}.
   */
  public static void main(String[] args) throws Exception {
    Configuration options = JobArguments.parse(args);
    MillraceOptions.validate(options);
    MillraceOptions.describe(options).forEach(LOG::info);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    if (options.get(MillraceOptions.KAFKA_ACCESS_CHECK)) {
      KafkaAccess.require(options);
    }
    KafkaEndpoints kafka = new KafkaEndpoints(options);
    define(env, kafka.prompts(), kafka.budgetCosts(), kafka.sinks(), options, Models.configured());
    env.execute("millrace-inference");
  }
}
