package io.millrace.jobs.generate;

import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.TokenEvent;
import java.io.Serializable;
import org.apache.flink.util.OutputTag;

/** The side outputs of the generate vertex; answers are its main output. */
public record Outputs(
    OutputTag<TokenEvent> tokens, OutputTag<CostEvent> costs, OutputTag<DeadLetter> deadLetters)
    implements Serializable {}
