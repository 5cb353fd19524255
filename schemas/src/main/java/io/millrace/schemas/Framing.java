package io.millrace.schemas;

/** How a record's bytes are to be read, told by the first of them. */
public enum Framing {
  /** C3 01, then the writer's schema fingerprint in 8 bytes, little-endian, then Avro binary. */
  AVRO_SINGLE_OBJECT,
  /** 00, then the registry's schema id in 4 bytes, big-endian, then Avro binary. */
  CONFLUENT,
  /** A JSON object, perhaps after a UTF-8 byte order mark and white space. */
  JSON,
  /** None of these. */
  UNKNOWN;

  /** Bytes before the body of an Avro single-object record. */
  static final int SINGLE_OBJECT_HEADER_BYTES = 10;

  /** Bytes before the body of a record in Confluent's format. */
  static final int CONFLUENT_HEADER_BYTES = 5;

  static final byte SINGLE_OBJECT_MARKER = (byte) 0xC3;
  static final byte SINGLE_OBJECT_VERSION = 0x01;
  static final byte CONFLUENT_MARKER = 0x00;

  /**
   * Looks at the first bytes only: the rest may still be truncated or malformed.
   *
   * @param record a record's value; null (a Kafka tombstone) and an empty one are {@link #UNKNOWN}
   */
  public static Framing of(byte[] record) {
    if (record == null || record.length == 0) {
      return UNKNOWN;
    }
    if (record[0] == CONFLUENT_MARKER) {
      return CONFLUENT;
    }
    if (record[0] == SINGLE_OBJECT_MARKER) {
      return record.length > 1 && record[1] == SINGLE_OBJECT_VERSION ? AVRO_SINGLE_OBJECT : UNKNOWN;
    }
    int at = startsWithByteOrderMark(record) ? 3 : 0;
    while (at < record.length && isJsonWhitespace(record[at])) {
      at++;
    }
    return at < record.length && record[at] == '{' ? JSON : UNKNOWN;
  }

  private static boolean startsWithByteOrderMark(byte[] record) {
    return record.length >= 3
        && record[0] == (byte) 0xEF
        && record[1] == (byte) 0xBB
        && record[2] == (byte) 0xBF;
  }

  private static boolean isJsonWhitespace(byte b) {
    return b == ' ' || b == '\t' || b == '\n' || b == '\r';
  }
}
