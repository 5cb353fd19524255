package io.millrace.engine.gguf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * A file's typed metadata, in the file's order.
 *
 * <p>The getters without {@code require} are empty when the key is absent. All of them throw {@link
 * GgufFormatException} when the value is of another kind.
 */
public final class GgufMetadata {
  private final String source;
  private final Map<String, GgufValue> values;

  /**
   * @param source the file's name, for messages
   * @param values by key, in order
   */
  public GgufMetadata(String source, Map<String, GgufValue> values) {
    this.source = source;
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** The file's name, for messages. */
  public String source() {
    return source;
  }

  /** All values by key. */
  public Map<String, GgufValue> values() {
    return values;
  }

  public boolean contains(String key) {
    return values.containsKey(key);
  }

  /** A string. */
  public Optional<String> string(String key) throws GgufFormatException {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    check(key, value, value.type() == GgufValueType.STRING, "a string");
    return Optional.of((String) value.value());
  }

  /** An integer of any width. */
  public OptionalLong integer(String key) throws GgufFormatException {
    GgufValue value = values.get(key);
    if (value == null) {
      return OptionalLong.empty();
    }
    check(key, value, value.type().integer(), "an integer");
    long integer = (Long) value.value();
    check(key, value, value.type() != GgufValueType.UINT64 || integer >= 0, "less than 2^63");
    return OptionalLong.of(integer);
  }

  /** A floating-point number or an integer. */
  public OptionalDouble number(String key) throws GgufFormatException {
    GgufValue value = values.get(key);
    if (value == null) {
      return OptionalDouble.empty();
    }
    check(key, value, value.value() instanceof Number, "a number");
    return OptionalDouble.of(((Number) value.value()).doubleValue());
  }

  /** A truth value. */
  public Optional<Boolean> bool(String key) throws GgufFormatException {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    check(key, value, value.type() == GgufValueType.BOOL, "a bool");
    return Optional.of((Boolean) value.value());
  }

  /** An array of strings. */
  public Optional<List<String>> strings(String key) throws GgufFormatException {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    check(key, value, value.value() instanceof String[], "an array of strings");
    return Optional.of(Collections.unmodifiableList(List.of((String[]) value.value())));
  }

  /** An array of integers of any width, each in the range of an int. */
  public Optional<int[]> ints(String key) throws GgufFormatException {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    check(key, value, value.value() instanceof long[], "an array of integers");
    long[] longs = (long[]) value.value();
    int[] ints = new int[longs.length];
    for (int i = 0; i < ints.length; i++) {
      check(key, value, longs[i] == (int) longs[i], "an array of 32-bit integers");
      ints[i] = (int) longs[i];
    }
    return Optional.of(ints);
  }

  /** An array of floating-point numbers. */
  public Optional<float[]> floats(String key) throws GgufFormatException {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    check(key, value, value.value() instanceof double[], "an array of floats");
    double[] doubles = (double[]) value.value();
    float[] floats = new float[doubles.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) doubles[i];
    }
    return Optional.of(floats);
  }

  /** A string that must be there. */
  public String requireString(String key) throws GgufFormatException {
    return string(key).orElseThrow(() -> missing(key));
  }

  /** An integer that must be there and lie in a range. */
  public int requireInt(String key, int min, int max) throws GgufFormatException {
    long value = integer(key).orElseThrow(() -> missing(key));
    if (value < min || value > max) {
      throw new GgufFormatException(
          source + ": " + key + " is " + value + ", must be " + min + " to " + max);
    }
    return (int) value;
  }

  /** A number that must be there. */
  public double requireNumber(String key) throws GgufFormatException {
    return number(key).orElseThrow(() -> missing(key));
  }

  private GgufFormatException missing(String key) {
    return new GgufFormatException(source + ": no metadata " + GgufFormatException.quote(key));
  }

  private void check(String key, GgufValue value, boolean ok, String wanted)
      throws GgufFormatException {
    if (!ok) {
      throw new GgufFormatException(
          source
              + ": metadata "
              + GgufFormatException.quote(key)
              + " is "
              + value.type()
              + " "
              + value.describe()
              + ", must be "
              + wanted);
    }
  }
}
