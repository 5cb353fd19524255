package io.millrace.engine.sampling.grammar;

import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;

/** JSON schema's and OpenAPI's formats, each as the texts or numbers that it allows. */
final class StringFormats {
  private static final String YEAR_LEAP =
      "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)";
  private static final String DATE =
      "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
          + "|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
          + "|02-(0[1-9]|1[0-9]|2[0-8]))"
          + "|"
          + YEAR_LEAP
          + "-02-29)";
  private static final String TIME =
      "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?"
          + "(Z|\\+(0[0-9]|1[0-4]):[0-5][0-9]|-(0[1-9]|1[0-4]):[0-5][0-9])";
  private static final String BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  private static final String LABEL = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
  private static final String HOST = LABEL + "(\\." + LABEL + "){0,3}";

  /** Each a part of what its standard allows, as it is commonly written. */
  private static final Map<String, Regex> TEXTS = new TreeMap<>();

  private static final Map<String, NumberRange> NUMBERS =
      Map.of(
          "int32",
          range("-2147483648", "2147483647"),
          "int64",
          range("-9223372036854775808", "9223372036854775807"),
          "float",
          NumberRange.ALL,
          "double",
          NumberRange.ALL);

  static {
    add("date", DATE);
    add("time", TIME);
    add("date-time", DATE + "T" + TIME);
    add("duration", "P([0-9]{1,4}W|[0-9]{1,4}D(T[0-9]{1,4}H)?|T[0-9]{1,4}[HMS])");
    add("uuid", "[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}");
    add("ipv4", BYTE + "(\\." + BYTE + "){3}");
    add("ipv6", "([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}");
    add("hostname", HOST);
    add(
        "email",
        "[a-zA-Z0-9_+-]{1,20}(\\.[a-zA-Z0-9_+-]{1,20}){0,2}@(" + LABEL + "\\.){1,3}[a-zA-Z]{2,12}");
    add("uri", "https?://" + HOST + "(:[1-9][0-9]{0,3})?(/[a-zA-Z0-9._~-]*)*");
  }

  private StringFormats() {}

  /** The texts of a format, or null if it is not one of texts. */
  static Regex of(String name) {
    return TEXTS.get(name);
  }

  /** The numbers of a format, or null if it is not one of numbers. */
  static NumberRange numbers(String name) {
    return NUMBERS.get(name);
  }

  /** For error messages. */
  static String names() {
    return String.join(", ", TEXTS.keySet());
  }

  private static void add(String name, String pattern) {
    TEXTS.put(name, RegexParser.wholeMatch(pattern));
  }

  private static NumberRange range(String min, String max) {
    return new NumberRange(new BigDecimal(min), false, new BigDecimal(max), false);
  }
}
