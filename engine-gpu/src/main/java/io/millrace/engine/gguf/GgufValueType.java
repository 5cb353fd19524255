package io.millrace.engine.gguf;

import java.util.Locale;

/** The types of metadata values, in the order of their numbers in the file. */
public enum GgufValueType {
  UINT8(0, 1),
  INT8(1, 1),
  UINT16(2, 2),
  INT16(3, 2),
  UINT32(4, 4),
  INT32(5, 4),
  FLOAT32(6, 4),
  BOOL(7, 1),
  /** A length of 8 bytes, then so many bytes of UTF-8. */
  STRING(8, 8),
  /** A type of 4 bytes, a count of 8 bytes, then so many values. */
  ARRAY(9, 12),
  UINT64(10, 8),
  INT64(11, 8),
  FLOAT64(12, 8);

  private static final GgufValueType[] BY_ID = values();

  private final int id;
  private final int bytesMin;

  GgufValueType(int id, int bytesMin) {
    this.id = id;
    this.bytesMin = bytesMin;
  }

  /** The type with this number, or null. */
  static GgufValueType byId(int id) {
    return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
  }

  /** The type's number in the file. */
  int id() {
    return id;
  }

  /** Fewest bytes that a value of this type takes. */
  int bytesMin() {
    return bytesMin;
  }

  boolean integer() {
    return switch (this) {
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
      default -> false;
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
