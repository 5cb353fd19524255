package io.millrace.engine.remote;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A provider's key. It is sent to the provider and shown to nobody. */
public final class ApiKey {

  /** For servers that ask for none. */
  public static final ApiKey NONE = new ApiKey(null);

  private static final int LENGTH_MAX = 4096;

  private final String value;

  private ApiKey(String value) {
    this.value = value;
  }

  /**
   * The key in a variable of the environment.
   *
   * @throws IllegalArgumentException if the variable is not set, or holds no key
   */
  public static ApiKey fromEnvironment(Map<String, String> environment, String variable) {
    String value = environment.get(variable);
    if (value == null) {
      throw new IllegalArgumentException("the environment's variable " + variable + " is not set");
    }
    return of(value, "the environment's variable " + variable);
  }

  /**
   * The key in a file, which holds nothing else.
   *
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if it holds no key
   */
  public static ApiKey fromFile(Path file) throws IOException {
    if (Files.size(file) > LENGTH_MAX) {
      throw new IllegalArgumentException(file + " holds no key: it is too long");
    }
    return of(Files.readString(file, StandardCharsets.UTF_8), file.toString());
  }

  private static ApiKey of(String text, String where) {
    String key = text.strip();
    boolean sendable = key.chars().allMatch(c -> c > ' ' && c < 0x7f);
    if (key.isEmpty() || key.length() > LENGTH_MAX || !sendable) {
      throw new IllegalArgumentException(
          where + " holds no key: one is 1 to " + LENGTH_MAX + " printable ASCII characters");
    }
    return new ApiKey(key);
  }

  /** Whether there is none. */
  boolean isNone() {
    return value == null;
  }

  /** For the header that carries it. */
  String value() {
    return value;
  }

  /** A text of others that might quote the key, without it. */
  String removedFrom(String text) {
    return value == null ? text : text.replace(value, "***");
  }

  @Override
  public String toString() {
    return value == null ? "no key" : "***";
  }
}
