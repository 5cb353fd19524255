package io.millrace.jobs.generate;

import io.millrace.jobs.cost.DevicePrice;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;

/** Begins a prompt's final cost row, and prices what was done for it. */
final class CostRows {
  /** No money, at the scale of all amounts. */
  static final BigDecimal NOTHING = BigDecimal.ZERO.setScale(DevicePrice.SCALE);

  private final String model;
  private final String backend;
  private final DevicePrice price;

  CostRows(String model, String backend, DevicePrice price) {
    this.model = model;
    this.backend = backend;
    this.price = price;
  }

  /**
   * What the device did for an answer.
   *
   * @param nanos device time, nanoseconds
   * @param input USD of the prompt's computation
   * @param output USD of the answer's
   */
  record Spent(long nanos, BigDecimal input, BigDecimal output) {
    BigDecimal total() {
      return input.add(output);
    }

    /** Cached prompt tokens at the price of those that had to be computed. */
    BigDecimal savedByPrefix(long cachedTokens, long freshTokens) {
      if (cachedTokens == 0 || freshTokens == 0) {
        return NOTHING;
      }
      return input
          .multiply(BigDecimal.valueOf(cachedTokens))
          .divide(BigDecimal.valueOf(freshTokens), DevicePrice.SCALE, RoundingMode.HALF_EVEN);
    }
  }

  /** What was spent on an answer until now. */
  Spent spent(InFlight answer) {
    return new Spent(
        answer.prefillNanos() + answer.decodeNanos(),
        price.of(answer.prefillNanos()),
        price.of(answer.decodeNanos()));
  }

  /** A row on which nothing was spent. */
  CostEvent.Builder row(
      AdmittedPrompt prompt,
      RequestStatus status,
      CacheOutcome cached,
      AnswerTimes times,
      long nowMs) {
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
        .setSource(PromptSource.of(prompt))
        .setTraceparent(prompt.getTraceparent());
  }

  /** The same row with what was spent, and the tokens that it was spent on. */
  static CostEvent.Builder with(CostEvent.Builder row, InFlight answer, Spent spent) {
    return row.setOutputTokens(answer.outputTokens())
        .setDeviceNanos(spent.nanos())
        .setInputUsd(spent.input())
        .setOutputUsd(spent.output())
        .setTotalUsd(spent.total());
  }
}
