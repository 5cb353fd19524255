package io.millrace.jobs.generate;

import io.millrace.jobs.kafka.Answer;
import io.millrace.schemas.TokenEvent;
import java.util.List;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Emits what leaves the generate vertex, each kind to its output. */
record SettledOutput(Output<StreamRecord<Answer>> output, Outputs outputs) {

  void emit(AnswerWriter.Settled settled) {
    if (settled.answer() != null) {
      output.collect(new StreamRecord<>(settled.answer()));
    }
    if (settled.deadLetter() != null) {
      output.collect(outputs.deadLetters(), new StreamRecord<>(settled.deadLetter()));
    }
    output.collect(outputs.costs(), new StreamRecord<>(settled.cost()));
  }

  void emit(List<TokenEvent> events) {
    events.forEach(event -> output.collect(outputs.tokens(), new StreamRecord<>(event)));
  }
}
