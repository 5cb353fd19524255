package io.millrace.jobs.ledger;

import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import io.millrace.schemas.ResponseFinishReason;
import io.millrace.schemas.SourcePosition;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;

/** Rows with all kinds of values: missing ones, amounts with all their 24 places, other scripts. */
public final class SampleRows {
  public static final LocalDate DAY = LocalDate.parse("2026-11-23");

  private static final int SCALE = 24;

  private final Random random;
  private long offset;

  public SampleRows(long seed) {
    random = new Random(seed);
  }

  /** The next row of the first partition, of {@link #DAY}. */
  LedgerRow next() {
    return next(DAY);
  }

  LedgerRow next(LocalDate day) {
    // Offsets have gaps where heartbeats and ends of transactions stand.
    offset += 1 + random.nextInt(3);
    return new LedgerRow(0, offset, event(day));
  }

  /** What a row says. */
  public CostEvent event(LocalDate day) {
    boolean request = random.nextInt(10) > 0;
    boolean priced = random.nextInt(10) > 0;
    Instant time =
        day.atStartOfDay(ZoneOffset.UTC).toInstant().plusMillis(random.nextInt(86_400_000));
    CostEvent.Builder row =
        CostEvent.newBuilder()
            .setKind(request ? CostKind.request : CostKind.idle)
            .setEventTime(time)
            .setBackend("cpu")
            .setModel("default")
            .setDeviceNanos(random.nextLong(1L << 40))
            .setTotalUsd(priced ? usd() : null);
    if (request) {
      row.setIsFinal(true)
          .setRequestId("millrace.prompts-0-" + random.nextInt(1 << 20))
          .setTenant("tenant-ü水" + random.nextInt(5))
          .setStatus(any(RequestStatus.values()))
          .setFinishReason(ResponseFinishReason.stop)
          .setCached(any(CacheOutcome.values()))
          .setFreshTokens(random.nextInt(10_000))
          .setOutputTokens(Long.MAX_VALUE >> random.nextInt(63))
          .setTtftMs((long) random.nextInt(1_000))
          .setTotalMs((long) random.nextInt(10_000))
          .setInputUsd(priced ? usd() : null)
          .setSavedSpeculationUsd(priced ? usd().negate() : null)
          .setPriceSource("device-hour")
          .setPriceVersion("0.10 USD/h")
          .setSource(
              SourcePosition.newBuilder()
                  .setTopic("millrace.prompts")
                  .setPartition(random.nextInt(4))
                  .setOffset(random.nextLong(1L << 50))
                  .setTimestamp(random.nextBoolean() ? time : null)
                  .build());
    }
    return row.build();
  }

  private <T> T any(T[] values) {
    return List.of(values).get(random.nextInt(values.length));
  }

  /** Up to 1000 USD, to the last place: 90 bits, which no double can hold. */
  private BigDecimal usd() {
    return new BigDecimal(new BigInteger(90, random), SCALE);
  }
}
