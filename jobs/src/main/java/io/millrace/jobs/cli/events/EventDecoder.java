package io.millrace.jobs.cli.events;

import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.Framing;
import io.millrace.schemas.FramingException;
import io.millrace.schemas.PlainJson;
import org.apache.avro.specific.SpecificRecord;

/**
 * Reads one of our records from plain JSON or framed Avro. Not safe for use by several threads.
 *
 * @param <T> a generated record
 */
public final class EventDecoder<T extends SpecificRecord> {
  private final Class<T> type;
  private final AvroCodec<T> avro;

  public EventDecoder(Class<T> type) {
    this.type = type;
    this.avro = new AvroCodec<>(type);
  }

  /**
   * @throws UnreadableEventException when the value is no such record
   */
  public T decode(byte[] value) throws UnreadableEventException {
    try {
      return Framing.of(value) == Framing.JSON ? PlainJson.read(value, type) : avro.decode(value);
    } catch (FramingException e) {
      throw new UnreadableEventException(e.getMessage(), e);
    }
  }
}
