package io.millrace.jobs.generate;

import io.millrace.engine.tokenizer.Tokenizer;
import io.millrace.jobs.cost.Charge;
import io.millrace.jobs.cost.CostMeter;
import io.millrace.jobs.kafka.Answer;
import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.CachedAnswer;
import io.millrace.jobs.state.CachedChoice;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.RequestStatus;
import io.millrace.schemas.Response;
import io.millrace.schemas.ResponseFinishReason;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Writes what leaves the generate vertex: an answer or a dead letter, and with each its one final
 * cost row. Pure functions of what they are given.
 */
final class AnswerWriter {
  private final String model;
  private final CostRows costs;
  private final Responses responses;

  /**
   * How a prompt ends: with an answer or with a dead letter, the other being null.
   *
   * @param cost the prompt's final cost row
   */
  record Settled(Answer answer, DeadLetter deadLetter, CostEvent cost) {}

  AnswerWriter(String model, String backend, CostMeter meter, Tokenizer tokenizer) {
    this.model = model;
    this.costs = new CostRows(model, backend, meter);
    this.responses = new Responses(model, tokenizer);
  }

  /** A finished answer as it is kept for equal prompts. */
  CachedAnswer finished(InFlight answer, long nowMs) {
    AdmittedPrompt prompt = answer.leader();
    boolean keepsTokens = prompt.getSampling().getLogprobs() >= 0;
    List<CachedChoice> choices =
        answer.choices().stream()
            .map(
                choice ->
                    new CachedChoice(
                        choice.text(),
                        choice.finishReasonName(),
                        (int) choice.outputTokens(),
                        keepsTokens ? choice.tokens() : List.of(),
                        choice.toolCalls()))
            .toList();
    CachedChoice first = choices.get(0);
    return CachedAnswer.newBuilder()
        .setText(first.getText())
        .setFinishReason(first.getFinishReason())
        .setPromptTokens((int) answer.promptTokens())
        .setOutputTokens(first.getOutputTokens())
        .setTokens(first.getTokens())
        .setToolCalls(first.getToolCalls())
        .setAnsweredBy(answer.fellBack() ? answer.answeredBy() : null)
        .setAnsweringBackend(answer.fellBack() ? answer.answeringBackend() : null)
        .setCostUsd(text(costs.charge(answer, nowMs).totalUsd()))
        .setExpiresMs(nowMs + prompt.getCacheTtlMs())
        .setFurtherChoices(choices.subList(1, choices.size()))
        .build();
  }

  /** The answer of the prompt that was generated. */
  Settled generated(InFlight answer, CachedAnswer finished, long nowMs) {
    AdmittedPrompt prompt = answer.leader();
    AnswerTimes times =
        new AnswerTimes(
            answer.queueMs(), answer.firstTokenAfterMs(), nowMs - prompt.getAdmittedMs());
    Charge charge = costs.charge(answer, nowMs);
    RequestStatus status = answer.expired() ? RequestStatus.expired : RequestStatus.generated;
    CostEvent cost =
        CostRows.with(costs.row(prompt, status, CacheOutcome.none, times, nowMs), answer, charge)
            .setFinishReason(Responses.finishReason(finished))
            .build();
    Response response =
        responses
            .answered(prompt, finished, CacheOutcome.none, times, nowMs)
            .setCostUsd(cost.getTotalUsd())
            .setSavedUsd(charge.savedUsd())
            .build();
    // Of the prompt as it is counted, once: what its first choice found.
    response.getUsage().setCachedTokens(answer.choices().get(0).cachedPromptTokens());
    response.getUsage().setReasoningTokens(answer.reasoningTokens());
    return answered(prompt, response, cost);
  }

  /** The answer of a prompt that shares another's, by the cache or by having waited for it. */
  Settled reused(AdmittedPrompt prompt, CachedAnswer answer, CacheOutcome how, long nowMs) {
    long totalMs = nowMs - prompt.getAdmittedMs();
    // No engine ran for it, and its first token came with its last.
    AnswerTimes times = new AnswerTimes(null, totalMs, totalMs);
    BigDecimal saved = amount(answer.getCostUsd());
    RequestStatus status =
        CachedChoices.expired(answer)
            ? RequestStatus.expired
            : how == CacheOutcome.hit ? RequestStatus.hit : RequestStatus.coalesced;
    CostEvent cost =
        costs
            .row(prompt, status, how, times, nowMs)
            .setFinishReason(Responses.finishReason(answer))
            .setSavedDedupUsd(saved)
            .build();
    if (answer.getAnsweredBy() != null) {
      cost.setModel(answer.getAnsweredBy());
      cost.setBackend(answer.getAnsweringBackend());
    }
    Response response =
        responses.answered(prompt, answer, how, times, nowMs).setSavedUsd(saved).build();
    return answered(prompt, response, cost);
  }

  /** The answer of a prompt whose deadline passed before it cost anything. */
  Settled expired(AdmittedPrompt prompt, long nowMs) {
    AnswerTimes times = new AnswerTimes(null, null, nowMs - prompt.getAdmittedMs());
    CostEvent cost =
        costs
            .row(prompt, RequestStatus.expired, CacheOutcome.none, times, nowMs)
            .setFinishReason(ResponseFinishReason.expired)
            .build();
    return answered(prompt, responses.expired(prompt, times, nowMs).build(), cost);
  }

  /**
   * The end of a prompt that the model failed on.
   *
   * @param spent what was generated for it until then, or null for a prompt that waited
   */
  Settled failed(
      AdmittedPrompt prompt,
      InFlight spent,
      String code,
      String message,
      boolean retryable,
      long nowMs) {
    DeadLetter letter = DeadLetter.of(prompt, "generate-" + model, code, message, retryable);
    AnswerTimes times = new AnswerTimes(null, null, nowMs - prompt.getAdmittedMs());
    CostEvent.Builder cost =
        costs
            .row(prompt, RequestStatus.dead_lettered, CacheOutcome.none, times, nowMs)
            .setFinishReason(ResponseFinishReason.error);
    if (spent != null) {
      CostRows.with(cost, spent, costs.charge(spent, nowMs));
    }
    return new Settled(null, letter, cost.build());
  }

  /** The cost row of device time that belongs to no prompt. */
  CostEvent device(DeviceClock.Booking booking, long nowMs) {
    return costs.device(booking, nowMs);
  }

  private static Settled answered(AdmittedPrompt prompt, Response response, CostEvent cost) {
    return new Settled(new Answer(bytes(prompt.getKey()), response), null, cost);
  }

  /** An amount in state, where no text is no known price. */
  private static String text(BigDecimal usd) {
    return usd == null ? "" : usd.toPlainString();
  }

  private static BigDecimal amount(String text) {
    return text.isEmpty() ? null : new BigDecimal(text);
  }

  private static byte[] bytes(ByteBuffer buffer) {
    if (buffer == null) {
      return null;
    }
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
