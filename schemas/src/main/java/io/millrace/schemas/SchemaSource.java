package io.millrace.schemas;

import java.util.Optional;
import org.apache.avro.Schema;

/**
 * Where the schema that a record was written with is found. Implementations are safe for use by
 * several threads.
 */
public interface SchemaSource {
  /**
   * @param fingerprint CRC-64-AVRO of the schema's parsing canonical form
   * @return the schema, or nothing where this source does not know it
   * @throws FramingException when this source cannot tell now (retryable) or what it has is no
   *     usable schema (terminal)
   */
  Optional<Schema> byFingerprint(long fingerprint) throws FramingException;

  /**
   * @param id the schema's id in a Confluent registry
   * @return the schema, or nothing where this source does not know it
   * @throws FramingException when this source cannot tell now (retryable) or what it has is no
   *     usable schema (terminal)
   */
  Optional<Schema> byConfluentId(int id) throws FramingException;

  /** This source, and where it does not know a schema, another one. */
  default SchemaSource orElse(SchemaSource other) {
    SchemaSource first = this;
    return new SchemaSource() {
      @Override
      public Optional<Schema> byFingerprint(long fingerprint) throws FramingException {
        Optional<Schema> schema = first.byFingerprint(fingerprint);
        return schema.isPresent() ? schema : other.byFingerprint(fingerprint);
      }

      @Override
      public Optional<Schema> byConfluentId(int id) throws FramingException {
        Optional<Schema> schema = first.byConfluentId(id);
        return schema.isPresent() ? schema : other.byConfluentId(id);
      }
    };
  }
}
