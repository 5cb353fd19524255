package io.millrace.jobs.generate;

import io.millrace.engine.tokenizer.Tokenizer;
import io.millrace.jobs.cost.Charge;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.CachedAnswer;
import io.millrace.jobs.state.CachedChoice;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.Choice;
import io.millrace.schemas.Message;
import io.millrace.schemas.Response;
import io.millrace.schemas.ResponseFinishReason;
import io.millrace.schemas.Usage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Begins the response to a prompt: all but what it cost. */
final class Responses {
  private final String model;
  private final LogprobWriter logprobs;

  Responses(String model, Tokenizer tokenizer) {
    this.model = model;
    this.logprobs = new LogprobWriter(tokenizer);
  }

  /** A response with an answer in it. */
  Response.Builder answered(
      AdmittedPrompt prompt,
      CachedAnswer answer,
      CacheOutcome cached,
      AnswerTimes times,
      long nowMs) {
    long outputTokens = CachedChoices.outputTokens(answer);
    return to(prompt, cached, times, nowMs)
        .setModel(answer.getAnsweredBy() == null ? model : answer.getAnsweredBy())
        .setChoices(choices(prompt, answer))
        .setFinishReason(finishReason(answer))
        .setError(
            CachedChoices.expired(answer)
                ? "the deadline passed before the answer was complete"
                : null)
        .setUsage(
            Usage.newBuilder()
                .setPromptTokens(answer.getPromptTokens())
                .setCompletionTokens(outputTokens)
                .setTotalTokens(answer.getPromptTokens() + outputTokens)
                .build());
  }

  /** A response to a prompt whose deadline passed before its turn came. */
  Response.Builder expired(AdmittedPrompt prompt, AnswerTimes times, long nowMs) {
    return to(prompt, CacheOutcome.none, times, nowMs)
        .setFinishReason(ResponseFinishReason.expired)
        .setError("the deadline passed before the prompt's turn came")
        .setUsage(Usage.newBuilder().build());
  }

  /** Why the answer ended: expired if any choice did, else as its first choice. */
  static ResponseFinishReason finishReason(CachedAnswer answer) {
    return CachedChoices.expired(answer)
        ? ResponseFinishReason.expired
        : ResponseFinishReason.valueOf(answer.getFinishReason());
  }

  private List<Choice> choices(AdmittedPrompt prompt, CachedAnswer answer) {
    List<Choice> choices = new ArrayList<>();
    for (CachedChoice choice : CachedChoices.of(answer)) {
      choices.add(
          Choice.newBuilder()
              .setIndex(choices.size())
              .setMessage(
                  Message.newBuilder()
                      .setRole("assistant")
                      .setContent(choice.getText())
                      .setToolCalls(choice.getToolCalls())
                      .build())
              .setFinishReason(ResponseFinishReason.valueOf(choice.getFinishReason()))
              .setLogprobs(
                  prompt.getSampling().getLogprobs() >= 0 ? logprobs.of(choice.getTokens()) : null)
              .build());
    }
    return choices;
  }

  private Response.Builder to(
      AdmittedPrompt prompt, CacheOutcome cached, AnswerTimes times, long nowMs) {
    return Response.newBuilder()
        .setRequestId(prompt.getRequestId())
        .setCustomId(prompt.getCustomId())
        .setTenant(prompt.getTenant())
        .setModel(model)
        .setCreated(Instant.ofEpochMilli(nowMs))
        .setCached(cached)
        .setCostUsd(Charge.NOTHING)
        .setSavedUsd(Charge.NOTHING)
        .setQueueMs(times.queueMs())
        .setTtftMs(times.firstTokenMs())
        .setTotalMs(times.totalMs())
        .setSource(PromptSource.of(prompt))
        .setTraceparent(prompt.getTraceparent())
        .setMetadata(prompt.getMetadata());
  }
}
