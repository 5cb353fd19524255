package io.millrace.engine.sampling.grammar;

import io.millrace.engine.ResponseFormat;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/** Targets for a fuzzer: any bytes as a schema, and as a pattern. */
public final class GrammarFuzz {
  private GrammarFuzz() {}

  /**
   * Compiles the bytes as a JSON schema and as a pattern, and walks what comes of it.
   *
   * @return whether one of the two compiled
   * @throws RuntimeException other than the documented one: what a fuzzer looks for
   */
  public static boolean fuzz(byte[] bytes) {
    boolean compiled = schema(bytes);
    return pattern(bytes) || compiled;
  }

  /** The same of a JSON schema alone. */
  public static boolean schema(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    return compiles(() -> new ResponseFormat.JsonSchema(text));
  }

  /** The same of a pattern alone. */
  public static boolean pattern(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    return compiles(() -> new ResponseFormat.Regex(text));
  }

  private static boolean compiles(java.util.function.Supplier<ResponseFormat> format) {
    Grammar grammar;
    try {
      grammar = Grammar.of(format.get());
    } catch (IllegalArgumentException e) {
      if (e.getMessage().matches("(?s).*[\\p{Cntrl}\\u0085\\u2028].*")
          || e.getMessage().length() > 500) {
        throw new AssertionError("not one short line", e);
      }
      return false;
    }
    try {
      grammar.accepts("{\"a\":[1,2.5e3,\"x\"],\"b\":{\"a\":null}}");
      grammar.accepts("\"aaaaaaaaaaaaaaaaaaaa\\u00e9\"");
    } catch (GrammarException e) {
      return true; // too many ways to read it
    }
    return true;
  }

  /** A text with pieces changed, removed, doubled, or put in from another. */
  static String mutated(String text, List<String> pool, Random random) {
    StringBuilder mutated = new StringBuilder(text);
    for (int n = 1 + random.nextInt(3); n > 0 && !mutated.isEmpty(); n--) {
      int from = random.nextInt(mutated.length());
      int to = Math.min(mutated.length(), from + random.nextInt(12));
      String other = pool.get(random.nextInt(pool.size()));
      int otherFrom = random.nextInt(other.length());
      String piece =
          other.substring(otherFrom, Math.min(other.length(), otherFrom + random.nextInt(30)));
      switch (random.nextInt(4)) {
        case 0 -> mutated.delete(from, to);
        case 1 -> mutated.insert(from, mutated.substring(from, to));
        case 2 -> mutated.insert(from, piece);
        default -> {
          String value = List.of("{}", "true", "1e9", "null", "[]", "\"#\"").get(random.nextInt(6));
          int colon = mutated.indexOf(":", from);
          int end = colon < 0 ? -1 : Math.min(mutated.length(), colon + 1 + random.nextInt(8));
          if (colon >= 0) {
            mutated.replace(colon + 1, end, value);
          }
        }
      }
    }
    return mutated.toString();
  }
}
