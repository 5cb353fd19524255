package io.millrace.jobs.admit;

import static io.millrace.jobs.admit.RejectedPromptException.terminal;

import io.millrace.jobs.kafka.PromptRecord;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.Framing;
import io.millrace.schemas.FramingException;
import io.millrace.schemas.Prompt;

/** A record's bytes to a {@link Prompt}, whatever its format: the first bytes tell. */
final class PromptDecoder {
  private final int sizeMax;
  private final OpenAiRequestReader json;
  private final AvroCodec<Prompt> avro;

  /**
   * @param sizeMax longest record, key and value, bytes
   */
  PromptDecoder(int sizeMax, AvroCodec<Prompt> avro) {
    this.sizeMax = sizeMax;
    this.json = new OpenAiRequestReader(sizeMax);
    this.avro = avro;
  }

  Prompt decode(PromptRecord record) throws RejectedPromptException {
    byte[] value = record.value();
    if (value == null || value.length == 0) {
      throw terminal("empty", "the record has no value");
    }
    // The key counts: it goes out again with the answer.
    long size = (long) value.length + (record.key() == null ? 0 : record.key().length);
    if (size > sizeMax) {
      throw terminal(
          "too_large", "the record has " + size + " bytes, at most " + sizeMax + " are taken");
    }
    return switch (Framing.of(value)) {
      case JSON -> json.read(value);
      case AVRO_SINGLE_OBJECT, CONFLUENT -> readAvro(value);
      // Text that is no JSON object gets the JSON reader's more telling error.
      case UNKNOWN -> json.read(value);
    };
  }

  private Prompt readAvro(byte[] value) throws RejectedPromptException {
    try {
      return avro.decode(value);
    } catch (FramingException e) {
      throw e.retryable()
          ? RejectedPromptException.retryable("schema_unavailable", e.getMessage())
          : terminal("invalid_avro", e.getMessage());
    }
  }
}
