package io.millrace.jobs.budget;

import io.millrace.schemas.CostEvent;
import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * One tenant's books: what was spent, and what is reserved for prompts that are being answered. A
 * reservation is the most that its prompt can cost; it turns into what the prompt did cost when its
 * final row comes back, and only then.
 *
 * <p>Spending is counted for every kind of period at once, whatever the tenant's budget: a budget
 * that is given or changed later counts from its period's beginning.
 */
final class Account {
  private static final class Spent {
    private long startMs;
    private BigDecimal usd = BigDecimal.ZERO;

    Spent(long startMs) {
      this.startMs = startMs;
    }
  }

  private final Map<Period, Spent> spent = new EnumMap<>(Period.class);
  private final Map<String, BigDecimal> reservations = new LinkedHashMap<>();
  private BigDecimal reserved = BigDecimal.ZERO;

  /** What was spent in the period that holds this time, USD. */
  BigDecimal spent(Period period, long nowMs) {
    return current(period, nowMs).usd;
  }

  /** What prompts that are being answered can still cost, USD. */
  BigDecimal reserved() {
    return reserved;
  }

  /** How many prompts have a reservation. */
  int reservations() {
    return reservations.size();
  }

  /** Sets an amount aside for a prompt. */
  void reserve(String requestId, BigDecimal usd) {
    BigDecimal before = reservations.put(requestId, usd);
    reserved = reserved.add(usd).subtract(before == null ? BigDecimal.ZERO : before);
  }

  /**
   * Takes in a row of a prompt's costs. It counts in the period of its own time, or not at all if
   * that is over; a row from the future counts now, so that no wrong clock hides what was spent.
   *
   * @return whether it cost more than was reserved for it
   */
  boolean settle(CostEvent row, long nowMs) {
    BigDecimal held = reservations.get(row.getRequestId());
    BigDecimal usd = row.getTotalUsd();
    if (usd == null) {
      // Nobody knows what it cost: the worst is taken.
      usd = held != null && row.getIsFinal() ? held : BigDecimal.ZERO;
    }
    spend(usd, Math.min(row.getEventTime().toEpochMilli(), nowMs), nowMs);
    if (held == null) {
      return false;
    }
    if (row.getIsFinal()) {
      reservations.remove(row.getRequestId());
      reserved = reserved.subtract(held);
    } else {
      // An attempt that is paid for, and another follows it.
      reserve(row.getRequestId(), held.subtract(usd).max(BigDecimal.ZERO));
    }
    return usd.compareTo(held) > 0;
  }

  private void spend(BigDecimal usd, long timeMs, long nowMs) {
    if (usd.signum() == 0) {
      return;
    }
    for (Period period : Period.values()) {
      Spent now = current(period, nowMs);
      if (timeMs >= now.startMs) {
        now.usd = now.usd.add(usd);
      }
    }
  }

  /** The period of this time, or a later one that has begun already: time does not go back. */
  private Spent current(Period period, long nowMs) {
    long startMs = period.startMs(nowMs);
    Spent last = spent.computeIfAbsent(period, any -> new Spent(startMs));
    if (last.startMs < startMs) {
      last.startMs = startMs;
      last.usd = BigDecimal.ZERO;
    }
    return last;
  }

  /** Restores what {@link #forEachSpent} told. */
  void restoreSpent(Period period, long startMs, BigDecimal usd) {
    Spent restored = new Spent(startMs);
    restored.usd = usd;
    spent.put(period, restored);
  }

  void forEachSpent(SpentReader reader) {
    spent.forEach(
        (period, sum) -> {
          if (sum.usd.signum() != 0) {
            reader.read(period, sum.startMs, sum.usd);
          }
        });
  }

  void forEachReservation(BiConsumer<String, BigDecimal> reader) {
    reservations.forEach(reader);
  }

  /** Is told what was spent in a period, by its beginning. */
  @FunctionalInterface
  interface SpentReader {
    void read(Period period, long startMs, BigDecimal usd);
  }
}
