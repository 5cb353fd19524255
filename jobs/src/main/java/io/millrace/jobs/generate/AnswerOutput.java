package io.millrace.jobs.generate;

import io.millrace.engine.GenerationUpdate;
import io.millrace.jobs.generate.AnswerWriter.Settled;
import io.millrace.jobs.kafka.Answer;
import io.millrace.jobs.metrics.LlmRecorder;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.CachedAnswer;
import io.millrace.jobs.trace.PromptTracer;
import io.millrace.jobs.trace.SettledPrompt;
import io.millrace.jobs.trace.SettledPrompt.Phases;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.Response;
import io.millrace.schemas.TokenEvent;
import java.util.List;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Has what leaves the generate vertex written, and emits it, each kind to its output.
 *
 * @param tracer null if nobody traces
 */
record AnswerOutput(
    Output<StreamRecord<Answer>> output,
    Outputs outputs,
    AnswerWriter answers,
    TokenEventWriter tokenEvents,
    LlmRecorder metrics,
    PromptTracer tracer) {

  /** What a step generated; to be told before the choice takes it in. */
  void tokens(ChoiceInFlight choice, GenerationUpdate update, long nowMs) {
    if (!update.tokens().isEmpty()) {
      metrics.tokens(update.tokens().size(), choice.sinceTokensMs(nowMs));
    }
    emit(
        tokenEvents.generated(
            choice.answer().leader(), choice.index(), choice.tokens().size(), update, nowMs));
  }

  /** The prompt that led is answered. */
  void generated(InFlight answer, CachedAnswer finished, long nowMs) {
    settle(answer.leader(), answers.generated(answer, finished, nowMs), answer, null);
  }

  /** A prompt is answered with what was generated for another. */
  void reused(AdmittedPrompt prompt, CachedAnswer answer, CacheOutcome how, long nowMs) {
    emit(tokenEvents.reused(prompt, answer, nowMs));
    settle(prompt, answers.reused(prompt, answer, how, nowMs), null, null);
  }

  /** A prompt came after its deadline. */
  void expired(AdmittedPrompt prompt, long nowMs) {
    settle(prompt, answers.expired(prompt, nowMs), null, null);
  }

  /**
   * A prompt cannot be answered.
   *
   * @param spent what was generated for it until then, or null for a prompt that waited
   */
  void failed(AdmittedPrompt prompt, InFlight spent, Failure failure, long nowMs) {
    Settled settled =
        answers.failed(
            prompt, spent, failure.code(), failure.message(), failure.retryable(), nowMs);
    settle(prompt, settled, spent, failure.code());
  }

  /** Device time that belongs to no prompt. */
  void device(DeviceClock.Booking booking, long nowMs) {
    emit(answers.device(booking, nowMs), null);
  }

  /** Why prompts cannot be answered. */
  record Failure(String code, String message, boolean retryable) {}

  private void settle(
      AdmittedPrompt prompt, Settled settled, InFlight generated, String errorType) {
    if (settled.answer() != null) {
      output.collect(new StreamRecord<>(settled.answer()));
    }
    if (settled.deadLetter() != null) {
      output.collect(outputs.deadLetters(), new StreamRecord<>(settled.deadLetter()));
    }
    emit(settled.cost(), errorType);
    if (tracer != null) {
      Response response = settled.answer() == null ? null : settled.answer().response();
      tracer.settled(
          new SettledPrompt(prompt, settled.cost(), response, errorType, phases(generated)));
    }
  }

  private static Phases phases(InFlight generated) {
    return generated == null
        ? null
        : new Phases(
            generated.queueMs(),
            generated.firstTokenAfterMs(),
            generated.prefillNanos(),
            generated.decodeNanos());
  }

  private void emit(CostEvent row, String errorType) {
    output.collect(outputs.costs(), new StreamRecord<>(row));
    metrics.row(row, errorType);
  }

  private void emit(List<TokenEvent> events) {
    events.forEach(event -> output.collect(outputs.tokens(), new StreamRecord<>(event)));
  }
}
