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

/** Begins cost rows, and prices what was done for prompts, or for none. */
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
    return row(CostKind.request, meter.time(0, nowMs), nowMs)
        .setIsFinal(true)
        .setRequestId(prompt.getRequestId())
        .setTenant(prompt.getTenant())
        .setStatus(status)
        .setCached(cached)
        .setQueueMs(times.queueMs())
        .setTtftMs(times.firstTokenMs())
        .setTotalMs(times.totalMs())
        .setSource(PromptSource.of(prompt))
        .setTraceparent(prompt.getTraceparent());
  }

  /** Device time that belongs to no prompt: it has no input and no output, only a total. */
  CostEvent device(DeviceClock.Booking booking, long nowMs) {
    Charge charge = meter.time(booking.nanos(), nowMs);
    CostEvent.Builder row =
        row(booking.kind(), charge, booking.untilMs())
            .setDeviceNanos(booking.nanos())
            .setTotalUsd(charge.totalUsd());
    return charge.totalUsd() == null ? withoutPrice(row).build() : row.build();
  }

  /** A row on which nothing was spent, at the price of this charge. */
  private CostEvent.Builder row(CostKind kind, Charge charge, long timeMs) {
    return CostEvent.newBuilder()
        .setKind(kind)
        .setModel(model)
        .setBackend(backend)
        .setEventTime(Instant.ofEpochMilli(timeMs))
        .setInputUsd(Charge.NOTHING)
        .setOutputUsd(Charge.NOTHING)
        .setTotalUsd(Charge.NOTHING)
        .setSavedDedupUsd(Charge.NOTHING)
        .setSavedPrefixUsd(Charge.NOTHING)
        .setSavedSpeculationUsd(Charge.NOTHING)
        .setSavedBatchUsd(Charge.NOTHING)
        .setServiceTier(charge.tier())
        .setPriceSource(charge.source())
        .setPriceVersion(charge.version());
  }

  private static CostEvent.Builder withoutPrice(CostEvent.Builder row) {
    return row.setInputUsd(null)
        .setOutputUsd(null)
        .setTotalUsd(null)
        .setSavedDedupUsd(null)
        .setSavedPrefixUsd(null)
        .setSavedSpeculationUsd(null)
        .setSavedBatchUsd(null);
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
        .setServiceTier(charge.tier())
        .setPriceSource(charge.source())
        .setPriceVersion(charge.version());
    return charge.totalUsd() == null
        ? withoutPrice(row)
        : row.setInputUsd(charge.inputUsd())
            .setOutputUsd(charge.outputUsd())
            .setTotalUsd(charge.totalUsd())
            .setSavedPrefixUsd(charge.savedPrefixUsd())
            .setSavedSpeculationUsd(charge.savedSpeculationUsd())
            .setSavedBatchUsd(charge.savedBatchUsd());
  }
}
