package io.millrace.jobs.cost;

import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import java.time.Instant;

/**
 * A row that costs nothing: it says that rows which come after it are not older, so that those who
 * count by event time go on when nobody asks anything.
 */
public final class Heartbeat {
  private Heartbeat() {}

  /**
   * A heartbeat on its way to the sink; it holds there for which partition it is.
   *
   * @param timeMs what follows is not older, epoch milliseconds
   */
  static CostEvent of(int partition, long timeMs) {
    return CostEvent.newBuilder()
        .setKind(CostKind.heartbeat)
        .setEventTime(Instant.ofEpochMilli(timeMs))
        .setInputUsd(Charge.NOTHING)
        .setOutputUsd(Charge.NOTHING)
        .setTotalUsd(Charge.NOTHING)
        .setAttempt(partition)
        .build();
  }

  public static boolean is(CostEvent row) {
    return row.getKind() == CostKind.heartbeat;
  }

  /** Which of the topic's partitions it is for, from 0; there may be fewer. */
  public static int partition(CostEvent heartbeat) {
    return heartbeat.getAttempt();
  }

  /** As readers are to see it. */
  public static CostEvent forReaders(CostEvent heartbeat) {
    return CostEvent.newBuilder(heartbeat).setAttempt(0).build();
  }
}
