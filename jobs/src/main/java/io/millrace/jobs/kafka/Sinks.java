package io.millrace.jobs.kafka;

import io.millrace.schemas.CostEvent;
import io.millrace.schemas.TokenEvent;
import org.apache.flink.api.connector.sink2.Sink;

/** Where the inference job's results go. */
public record Sinks(
    Sink<Answer> responses,
    Sink<TokenEvent> tokens,
    Sink<CostEvent> costs,
    Sink<DeadLetter> deadLetters) {}
