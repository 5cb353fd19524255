package io.millrace.jobs.trace;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The headers of a receiver, secrets among them: read where they stand for each export, so that a
 * key can be changed, and told nobody else.
 */
final class ReceiverHeaders implements Supplier<Map<String, String>> {
  private static final int FILE_SIZE_MAX = 16 << 10;

  private final TraceSpec.Exporter exporter;
  private final Map<String, String> environment;

  ReceiverHeaders(TraceSpec.Exporter exporter, Map<String, String> environment) {
    this.exporter = exporter;
    this.environment = environment;
  }

  /**
   * @throws UnreadableHeadersException if they are not where they should be, or make no sense
   */
  @Override
  public Map<String, String> get() {
    if (exporter.headersEnv() != null) {
      return fromEnvironment(exporter.headersEnv());
    }
    return exporter.headersFile() == null ? Map.of() : fromFile(Path.of(exporter.headersFile()));
  }

  private Map<String, String> fromEnvironment(String variable) {
    String text = environment.get(variable);
    String where = "the environment's variable " + variable;
    if (text == null) {
      throw new UnreadableHeadersException(where + " is not set");
    }
    Map<String, String> headers = new LinkedHashMap<>();
    for (String pair : text.split(",")) {
      add(headers, pair, '=', where);
    }
    headers.replaceAll((name, value) -> decoded(value, where));
    headers.forEach((name, value) -> check(name, value, where));
    return headers;
  }

  private static Map<String, String> fromFile(Path file) {
    String text;
    try {
      if (Files.size(file) > FILE_SIZE_MAX) {
        throw new UnreadableHeadersException(file + " is longer than " + FILE_SIZE_MAX + " bytes");
      }
      text = Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UnreadableHeadersException(file + " cannot be read");
    }
    Map<String, String> headers = new LinkedHashMap<>();
    text.lines().forEach(line -> add(headers, line, ':', file.toString()));
    headers.forEach((name, value) -> check(name, value, file.toString()));
    return headers;
  }

  private static void add(Map<String, String> headers, String line, char separator, String where) {
    if (line.isBlank()) {
      return;
    }
    int at = line.indexOf(separator);
    if (at < 0) {
      throw new UnreadableHeadersException(
          where + " holds something that is no \"name" + separator + "value\"");
    }
    headers.put(line.substring(0, at).strip(), line.substring(at + 1).strip());
  }

  private static String decoded(String value, String where) {
    try {
      // A plus sign stands for itself here, and not for a space.
      return URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new UnreadableHeadersException(where + " is not percent-encoded");
    }
  }

  private static void check(String name, String value, String where) {
    if (!name.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]+")
        || !value.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
      throw new UnreadableHeadersException(
          where + " holds a header that is not of printable ASCII characters");
    }
  }
}
