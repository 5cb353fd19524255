package io.millrace.jobs.cli.bench;

import io.millrace.jobs.cli.events.CommittedReader;
import io.millrace.jobs.cli.events.EventDecoder;
import io.millrace.jobs.cli.events.UnreadableEventException;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The prompts that were settled, as the committed cost rows tell. One thread. */
final class SettledPrompts implements AutoCloseable {
  private final CommittedReader reader;
  private final EventDecoder<CostEvent> decoder = new EventDecoder<>(CostEvent.class);
  private final List<Settled> all = new ArrayList<>();

  /**
   * A prompt that was answered or given up. Times are milliseconds since 1970 UTC.
   *
   * @param sentMs when it was produced
   * @param settledMs when its answer was complete; readers see it at the next checkpoint
   * @param fromAdmissionMs how long it was between admission and then
   */
  record Settled(
      String tenant,
      boolean answered,
      long sentMs,
      long settledMs,
      long fromAdmissionMs,
      long outputTokens) {
    long endToEndMs() {
      return settledMs - sentMs;
    }
  }

  SettledPrompts(String bootstrapServers, String topic) {
    reader = new CommittedReader(bootstrapServers, List.of(topic), CommittedReader.From.BEGINNING);
  }

  /** Takes in what was committed by now, or within this time. */
  void read(Duration max) throws UnreadableEventException {
    for (ConsumerRecord<byte[], byte[]> record : reader.poll(max)) {
      CostEvent row = decoder.decode(record.value());
      if (row.getKind() != CostKind.request) {
        continue;
      }
      all.add(
          new Settled(
              row.getTenant(),
              row.getStatus() == RequestStatus.generated,
              row.getSource().getTimestamp().toEpochMilli(),
              row.getEventTime().toEpochMilli(),
              row.getTotalMs(),
              row.getOutputTokens()));
    }
  }

  /** All so far, in the order in which they were read. A live view. */
  List<Settled> all() {
    return all;
  }

  @Override
  public void close() {
    reader.close();
  }
}
