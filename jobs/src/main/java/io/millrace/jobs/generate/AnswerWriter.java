package io.millrace.jobs.generate;

import io.millrace.engine.GenerationRequest;
import io.millrace.engine.SamplingParams;
import io.millrace.engine.TokenOutput;
import io.millrace.engine.tokenizer.Tokenizer;
import io.millrace.jobs.admit.ResponseFormats;
import io.millrace.jobs.cost.DevicePrice;
import io.millrace.jobs.kafka.Answer;
import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.CachedAnswer;
import io.millrace.jobs.state.CachedChoice;
import io.millrace.jobs.state.GeneratedToken;
import io.millrace.jobs.state.Sampling;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.Choice;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.Message;
import io.millrace.schemas.RequestStatus;
import io.millrace.schemas.Response;
import io.millrace.schemas.ResponseFinishReason;
import io.millrace.schemas.SourcePosition;
import io.millrace.schemas.Usage;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes what leaves the generate vertex: an answer or a dead letter, and with each its one final
 * cost row. Pure functions of what they are given.
 */
final class AnswerWriter {
  private static final BigDecimal NOTHING = BigDecimal.ZERO.setScale(DevicePrice.SCALE);

  private final String model;
  private final String backend;
  private final DevicePrice price;
  private final LogprobWriter logprobs;

  /**
   * How a prompt ends: with an answer or with a dead letter, the other being null.
   *
   * @param cost the prompt's final cost row
   */
  record Settled(Answer answer, DeadLetter deadLetter, CostEvent cost) {}

  /** Milliseconds from admission until ...; null where it never happened. */
  private record Times(Long queueMs, Long firstTokenMs, Long totalMs) {}

  AnswerWriter(String model, String backend, DevicePrice price, Tokenizer tokenizer) {
    this.model = model;
    this.backend = backend;
    this.price = price;
    this.logprobs = new LogprobWriter(tokenizer);
  }

  /** The engine's request for a choice, from where it stands. */
  GenerationRequest request(ChoiceInFlight choice, long deadlineMs) {
    AdmittedPrompt prompt = choice.answer().leader();
    Sampling s = prompt.getSampling();
    SamplingParams sampling =
        new SamplingParams(
            s.getTemperature(),
            s.getTopK(),
            s.getTopP(),
            s.getMinP(),
            s.getRepetitionPenalty(),
            s.getSeed(),
            s.getMaxTokens(),
            s.getStop(),
            s.getLogprobs(),
            false);
    return new GenerationRequest(
        choice.engineId(),
        ints(prompt.getPromptTokens()),
        sampling
            .withChoice(choice.index())
            .withFormat(ResponseFormats.admitted(prompt.getResponseFormat())),
        prompt.getPriority(),
        choice.tokens().stream().map(AnswerWriter::output).toList(),
        prefixScope(prompt),
        prompt.getTenant(),
        deadlineMs);
  }

  /** A finished answer as it is kept for equal prompts. */
  CachedAnswer finished(InFlight answer, long nowMs) {
    AdmittedPrompt prompt = answer.leader();
    List<CachedChoice> choices =
        answer.choices().stream()
            .map(
                choice ->
                    new CachedChoice(
                        choice.text(),
                        choice.finishReasonName(),
                        choice.tokens().size(),
                        prompt.getSampling().getLogprobs() >= 0 ? choice.tokens() : List.of()))
            .toList();
    CachedChoice first = choices.get(0);
    return CachedAnswer.newBuilder()
        .setText(first.getText())
        .setFinishReason(first.getFinishReason())
        .setPromptTokens(ints(prompt.getPromptTokens()).length)
        .setOutputTokens(first.getOutputTokens())
        .setTokens(first.getTokens())
        .setCostUsd(price.of(answer.prefillNanos() + answer.decodeNanos()).toPlainString())
        .setExpiresMs(nowMs + prompt.getCacheTtlMs())
        .setFurtherChoices(choices.subList(1, choices.size()))
        .build();
  }

  /** The answer of the prompt that was generated. */
  Settled generated(InFlight answer, CachedAnswer finished, long nowMs) {
    AdmittedPrompt prompt = answer.leader();
    Times times =
        new Times(answer.queueMs(), answer.firstTokenAfterMs(), nowMs - prompt.getAdmittedMs());
    BigDecimal input = price.of(answer.prefillNanos());
    BigDecimal output = price.of(answer.decodeNanos());
    long freshTokens = answer.sum(c -> c.freshPromptTokens(finished.getPromptTokens()));
    long cachedTokens = answer.sum(ChoiceInFlight::cachedPromptTokens);
    RequestStatus status = answer.expired() ? RequestStatus.expired : RequestStatus.generated;
    CostEvent cost =
        cost(prompt, status, CacheOutcome.none, times, nowMs)
            .setFinishReason(finishReason(finished))
            .setFreshTokens(freshTokens)
            .setCachedTokens(cachedTokens)
            .setOutputTokens(answer.outputTokens())
            .setDraftedTokens(answer.sum(ChoiceInFlight::draftedTokens))
            .setAcceptedTokens(answer.sum(ChoiceInFlight::acceptedTokens))
            .setDeviceNanos(answer.prefillNanos() + answer.decodeNanos())
            .setInputUsd(input)
            .setOutputUsd(output)
            .setTotalUsd(input.add(output))
            .setSavedPrefixUsd(savedByPrefix(input, cachedTokens, freshTokens))
            .build();
    Response response =
        response(prompt, finished, CacheOutcome.none, times, nowMs)
            .setCostUsd(cost.getTotalUsd())
            .setSavedUsd(cost.getSavedPrefixUsd())
            .build();
    // Of the prompt as it is counted, once: what its first choice found.
    response.getUsage().setCachedTokens(answer.choices().get(0).cachedPromptTokens());
    return new Settled(new Answer(bytes(prompt.getKey()), response), null, cost);
  }

  /** The answer of a prompt that shares another's, by the cache or by having waited for it. */
  Settled reused(AdmittedPrompt prompt, CachedAnswer answer, CacheOutcome how, long nowMs) {
    long totalMs = nowMs - prompt.getAdmittedMs();
    // No engine ran for it, and its first token came with its last.
    Times times = new Times(null, totalMs, totalMs);
    BigDecimal saved = new BigDecimal(answer.getCostUsd());
    CostEvent cost =
        cost(
                prompt,
                CachedChoices.expired(answer)
                    ? RequestStatus.expired
                    : how == CacheOutcome.hit ? RequestStatus.hit : RequestStatus.coalesced,
                how,
                times,
                nowMs)
            .setFinishReason(finishReason(answer))
            .setSavedDedupUsd(saved)
            .build();
    Response response = response(prompt, answer, how, times, nowMs).setSavedUsd(saved).build();
    return new Settled(new Answer(bytes(prompt.getKey()), response), null, cost);
  }

  /** The answer of a prompt whose deadline passed before it cost anything. */
  Settled expired(AdmittedPrompt prompt, long nowMs) {
    Times times = new Times(null, null, nowMs - prompt.getAdmittedMs());
    Response response =
        base(prompt, CacheOutcome.none, times, nowMs)
            .setFinishReason(ResponseFinishReason.expired)
            .setError("the deadline passed before the prompt's turn came")
            .setUsage(Usage.newBuilder().build())
            .build();
    CostEvent cost =
        cost(prompt, RequestStatus.expired, CacheOutcome.none, times, nowMs)
            .setFinishReason(ResponseFinishReason.expired)
            .build();
    return new Settled(new Answer(bytes(prompt.getKey()), response), null, cost);
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
    DeadLetter letter =
        new DeadLetter(
            bytes(prompt.getKey()),
            bytes(prompt.getValue()),
            prompt.getTopic(),
            prompt.getPartition(),
            prompt.getOffset(),
            prompt.getTenant(),
            prompt.getTraceparent(),
            prompt.getDeadlineMs() == null ? null : Long.toString(prompt.getDeadlineMs()),
            "generate-" + model,
            code,
            message,
            retryable);
    CostEvent.Builder cost =
        cost(
                prompt,
                RequestStatus.dead_lettered,
                CacheOutcome.none,
                new Times(null, null, nowMs - prompt.getAdmittedMs()),
                nowMs)
            .setFinishReason(ResponseFinishReason.error);
    if (spent != null) {
      BigDecimal input = price.of(spent.prefillNanos());
      BigDecimal output = price.of(spent.decodeNanos());
      cost.setOutputTokens(spent.outputTokens())
          .setDeviceNanos(spent.prefillNanos() + spent.decodeNanos())
          .setInputUsd(input)
          .setOutputUsd(output)
          .setTotalUsd(input.add(output));
    }
    return new Settled(null, letter, cost.build());
  }

  private Response.Builder response(
      AdmittedPrompt prompt, CachedAnswer answer, CacheOutcome cached, Times times, long nowMs) {
    List<Choice> choices = new ArrayList<>();
    for (CachedChoice choice : CachedChoices.of(answer)) {
      choices.add(
          Choice.newBuilder()
              .setIndex(choices.size())
              .setMessage(
                  Message.newBuilder().setRole("assistant").setContent(choice.getText()).build())
              .setFinishReason(ResponseFinishReason.valueOf(choice.getFinishReason()))
              .setLogprobs(
                  prompt.getSampling().getLogprobs() >= 0 ? logprobs.of(choice.getTokens()) : null)
              .build());
    }
    long outputTokens = CachedChoices.outputTokens(answer);
    return base(prompt, cached, times, nowMs)
        .setChoices(choices)
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

  private Response.Builder base(
      AdmittedPrompt prompt, CacheOutcome cached, Times times, long nowMs) {
    return Response.newBuilder()
        .setRequestId(prompt.getRequestId())
        .setCustomId(prompt.getCustomId())
        .setTenant(prompt.getTenant())
        .setModel(model)
        .setCreated(Instant.ofEpochMilli(nowMs))
        .setCached(cached)
        .setCostUsd(NOTHING)
        .setSavedUsd(NOTHING)
        .setQueueMs(times.queueMs())
        .setTtftMs(times.firstTokenMs())
        .setTotalMs(times.totalMs())
        .setSource(source(prompt))
        .setTraceparent(prompt.getTraceparent());
  }

  private CostEvent.Builder cost(
      AdmittedPrompt prompt, RequestStatus status, CacheOutcome cached, Times times, long nowMs) {
    return CostEvent.newBuilder()
        .setKind(CostKind.request)
        .setIsFinal(true)
        .setRequestId(prompt.getRequestId())
        .setTenant(prompt.getTenant())
        .setModel(model)
        .setBackend(backend)
        .setStatus(status)
        .setCached(cached)
        .setEventTime(Instant.ofEpochMilli(nowMs))
        .setQueueMs(times.queueMs())
        .setTtftMs(times.firstTokenMs())
        .setTotalMs(times.totalMs())
        .setInputUsd(NOTHING)
        .setOutputUsd(NOTHING)
        .setTotalUsd(NOTHING)
        .setSavedDedupUsd(NOTHING)
        .setSavedPrefixUsd(NOTHING)
        .setSavedSpeculationUsd(NOTHING)
        .setPriceSource("device-hour")
        .setSource(source(prompt))
        .setTraceparent(prompt.getTraceparent());
  }

  /** Cached tokens at the price of those that had to be computed. */
  private static BigDecimal savedByPrefix(BigDecimal input, long cachedTokens, long freshTokens) {
    if (cachedTokens == 0 || freshTokens == 0) {
      return NOTHING;
    }
    return input
        .multiply(BigDecimal.valueOf(cachedTokens))
        .divide(BigDecimal.valueOf(freshTokens), DevicePrice.SCALE, RoundingMode.HALF_EVEN);
  }

  /** With a space in it, which no admitted scope has. */
  private static String prefixScope(AdmittedPrompt prompt) {
    return prompt.getPrefixScope() != null
        ? prompt.getPrefixScope()
        : "tenant " + prompt.getTenant();
  }

  private static SourcePosition source(AdmittedPrompt prompt) {
    return SourcePosition.newBuilder()
        .setTopic(prompt.getTopic())
        .setPartition(prompt.getPartition())
        .setOffset(prompt.getOffset())
        .build();
  }

  private static ResponseFinishReason finishReason(CachedAnswer answer) {
    return CachedChoices.expired(answer)
        ? ResponseFinishReason.expired
        : ResponseFinishReason.valueOf(answer.getFinishReason());
  }

  private static TokenOutput output(GeneratedToken token) {
    return new TokenOutput(
        token.getId(),
        token.getLogprob(),
        token.getAlternatives().stream()
            .map(a -> new TokenOutput.TokenLogprob(a.getId(), a.getLogprob()))
            .toList(),
        token.getDrafted());
  }

  private static int[] ints(ByteBuffer tokens) {
    int[] ints = new int[tokens.remaining() / Integer.BYTES];
    tokens.duplicate().asIntBuffer().get(ints);
    return ints;
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
