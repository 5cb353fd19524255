package io.millrace.jobs.generate;

import io.millrace.engine.GenerationUpdate;
import io.millrace.jobs.kafka.Answer;
import io.millrace.jobs.metrics.LlmRecorder;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.CachedAnswer;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.TokenEvent;
import java.util.List;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Has what leaves the generate vertex written, and emits it, each kind to its output. */
record AnswerOutput(
    Output<StreamRecord<Answer>> output,
    Outputs outputs,
    AnswerWriter answers,
    TokenEventWriter tokenEvents,
    LlmRecorder metrics) {

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
    emit(answers.generated(answer, finished, nowMs));
  }

  /** A prompt is answered with what was generated for another. */
  void reused(AdmittedPrompt prompt, CachedAnswer answer, CacheOutcome how, long nowMs) {
    emit(tokenEvents.reused(prompt, answer, nowMs));
    emit(answers.reused(prompt, answer, how, nowMs));
  }

  /** A prompt came after its deadline. */
  void expired(AdmittedPrompt prompt, long nowMs) {
    emit(answers.expired(prompt, nowMs));
  }

  /**
   * A prompt cannot be answered.
   *
   * @param spent what was generated for it until then, or null for a prompt that waited
   */
  void failed(AdmittedPrompt prompt, InFlight spent, Failure failure, long nowMs) {
    emit(
        answers.failed(
            prompt, spent, failure.code(), failure.message(), failure.retryable(), nowMs));
  }

  /** Device time that belongs to no prompt. */
  void device(DeviceClock.Booking booking, long nowMs) {
    emit(answers.device(booking, nowMs), null);
  }

  /** Why prompts cannot be answered. */
  record Failure(String code, String message, boolean retryable) {}

  private void emit(AnswerWriter.Settled settled) {
    if (settled.answer() != null) {
      output.collect(new StreamRecord<>(settled.answer()));
    }
    if (settled.deadLetter() != null) {
      output.collect(outputs.deadLetters(), new StreamRecord<>(settled.deadLetter()));
    }
    emit(settled.cost(), settled.deadLetter() == null ? null : settled.deadLetter().code());
  }

  private void emit(CostEvent row, String errorType) {
    output.collect(outputs.costs(), new StreamRecord<>(row));
    metrics.row(row, errorType);
  }

  private void emit(List<TokenEvent> events) {
    events.forEach(event -> output.collect(outputs.tokens(), new StreamRecord<>(event)));
  }
}
