package io.millrace.engine.gguf;

import java.util.List;

/**
 * One metadata value.
 *
 * <p>Integers of every width are a {@link Long} (uint64 wraps: its top half is negative), float32
 * and float64 a {@link Double}, bool a {@link Boolean}, string a {@link String}. An array is a
 * {@code long[]}, {@code double[]}, {@code boolean[]} or {@code String[]}, or a {@code GgufValue[]}
 * of arrays.
 *
 * @param type the type in the file
 * @param elementType the type of an array's elements, else null
 * @param value the value; arrays are not to be changed
 */
public record GgufValue(GgufValueType type, GgufValueType elementType, Object value) {

  /** Elements of an array, or 1. */
  public int size() {
    return type == GgufValueType.ARRAY ? java.lang.reflect.Array.getLength(value) : 1;
  }

  public static GgufValue ofUint32(long value) {
    if (value < 0 || value > 0xFFFFFFFFL) {
      throw new IllegalArgumentException(value + " is not a uint32");
    }
    return new GgufValue(GgufValueType.UINT32, null, value);
  }

  public static GgufValue ofFloat(float value) {
    return new GgufValue(GgufValueType.FLOAT32, null, (double) value);
  }

  public static GgufValue ofBool(boolean value) {
    return new GgufValue(GgufValueType.BOOL, null, value);
  }

  public static GgufValue ofString(String value) {
    return new GgufValue(GgufValueType.STRING, null, value);
  }

  public static GgufValue ofStrings(List<String> values) {
    return new GgufValue(GgufValueType.ARRAY, GgufValueType.STRING, values.toArray(String[]::new));
  }

  public static GgufValue ofInts(int... values) {
    long[] longs = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      longs[i] = values[i];
    }
    return new GgufValue(GgufValueType.ARRAY, GgufValueType.INT32, longs);
  }

  public static GgufValue ofBools(boolean... values) {
    return new GgufValue(GgufValueType.ARRAY, GgufValueType.BOOL, values.clone());
  }

  public static GgufValue ofFloats(float... values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return new GgufValue(GgufValueType.ARRAY, GgufValueType.FLOAT32, doubles);
  }

  /** The value in brief, for listings: long strings and arrays are cut. */
  public String describe() {
    if (type == GgufValueType.STRING) {
      return GgufFormatException.quote((String) value);
    }
    if (type == GgufValueType.ARRAY) {
      return elementType + "[" + size() + "]";
    }
    return type == GgufValueType.UINT64
        ? Long.toUnsignedString((Long) value)
        : String.valueOf(value);
  }
}
