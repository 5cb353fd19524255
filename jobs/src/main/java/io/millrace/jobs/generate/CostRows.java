package io.millrace.jobs.generate;

import io.millrace.jobs.cost.Charge;
import io.millrace.jobs.cost.CostMeter;
import io.millrace.jobs.cost.Work;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import java.time.Instant;

/** Begins a prompt's final cost row, and prices what was done for it. */
final class CostRows {
  private final String model;
  private final String backend;
  private final CostMeter meter;

  CostRows(String model, String backend, CostMeter meter) {
    this.model = model;
    this.backend = backend;
    this.meter = meter;
  }

  /** What an answer costs, as far as it has got. */
  Charge charge(InFlight answer, long nowMs) {
    if (answer.remote()) {
      return RemoteChoices.charge(answer, meter, nowMs);
    }
    return meter.work(
        new Work(
            answer.prefillNanos(),
            answer.decodeNanos(),
            answer.freshTokens(),
            answer.cachedTokens(),
            answer.outputTokens(),
            answer.sum(ChoiceInFlight::savedNanos)),
        nowMs);
  }

  /** A row on which nothing was spent. */
  CostEvent.Builder row(
      AdmittedPrompt prompt,
      RequestStatus status,
      CacheOutcome cached,
      AnswerTimes times,
      long nowMs) {
    Charge nothing = meter.time(0, nowMs);
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
        .setInputUsd(Charge.NOTHING)
        .setOutputUsd(Charge.NOTHING)
        .setTotalUsd(Charge.NOTHING)
        .setSavedDedupUsd(Charge.NOTHING)
        .setSavedPrefixUsd(Charge.NOTHING)
        .setSavedSpeculationUsd(Charge.NOTHING)
        .setPriceSource(nothing.source())
        .setPriceVersion(nothing.version())
        .setSource(PromptSource.of(prompt))
        .setTraceparent(prompt.getTraceparent());
  }

  /** The same row with what was done for the answer, and what that costs. */
  static CostEvent.Builder with(CostEvent.Builder row, InFlight answer, Charge charge) {
    RemoteChoices.describe(row, answer);
    row.setFreshTokens(answer.freshTokens())
        .setCachedTokens(answer.cachedTokens())
        .setOutputTokens(answer.outputTokens())
        .setDraftedTokens(answer.sum(ChoiceInFlight::draftedTokens))
        .setAcceptedTokens(answer.sum(ChoiceInFlight::acceptedTokens))
        .setDeviceNanos(answer.prefillNanos() + answer.decodeNanos())
        .setInputUsd(charge.inputUsd())
        .setOutputUsd(charge.outputUsd())
        .setTotalUsd(charge.totalUsd())
        .setSavedPrefixUsd(charge.savedPrefixUsd())
        .setSavedSpeculationUsd(charge.savedSpeculationUsd())
        .setPriceSource(charge.source())
        .setPriceVersion(charge.version());
    if (charge.totalUsd() == null) {
      row.setSavedDedupUsd(null);
    }
    return row;
  }
}
