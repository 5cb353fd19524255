package io.millrace.jobs.cli.torture;

import io.millrace.jobs.cli.events.EventDecoder;
import io.millrace.jobs.cli.events.UnreadableEventException;
import io.millrace.schemas.TokenEvent;
import java.util.HashSet;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Which answers are being written: those with a token but without their end, by the token events as
 * they come, committed or not. Safe for any thread.
 */
final class AnswersInProgress {
  private final EventDecoder<TokenEvent> decoder = new EventDecoder<>(TokenEvent.class);
  private final Set<String> requestIds = new HashSet<>();

  /** Takes in a record of the tokens topic. */
  synchronized void read(ConsumerRecord<byte[], byte[]> record) throws UnreadableEventException {
    TokenEvent event = decoder.decode(record.value());
    if (event.getFinishReason() == null) {
      requestIds.add(event.getRequestId());
    } else {
      requestIds.remove(event.getRequestId());
    }
  }

  /** How many are in progress now. */
  synchronized int count() {
    return requestIds.size();
  }

  /** Those in progress now. From here on only those count that get on. */
  synchronized Set<String> take() {
    Set<String> taken = Set.copyOf(requestIds);
    requestIds.clear();
    return taken;
  }
}
