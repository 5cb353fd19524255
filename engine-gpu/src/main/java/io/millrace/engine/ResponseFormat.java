package io.millrace.engine;

import java.util.List;

/**
 * What the text of an answer must look like. Plain data: {@link
 * io.millrace.engine.sampling.grammar.Grammar} says whether it can be used, and which parts of JSON
 * schema and of regular expressions are supported.
 */
public sealed interface ResponseFormat {

  /** Longest schema or pattern, and most text of all choices together, characters. */
  int LENGTH_MAX = 262_144;

  /** Most choices. */
  int CHOICES_MAX = 10_000;

  /** Any JSON object. */
  record JsonObject() implements ResponseFormat {}

  /**
   * JSON that a schema allows.
   *
   * @param schema the schema as JSON text
   */
  record JsonSchema(String schema) implements ResponseFormat {
    public JsonSchema {
      checkLength("the JSON schema", schema.length());
    }
  }

  /**
   * A text that a regular expression matches as a whole.
   *
   * @param pattern ECMA-262's syntax, without look-around and back-references
   */
  record Regex(String pattern) implements ResponseFormat {
    public Regex {
      checkLength("the regular expression", pattern.length());
    }
  }

  /**
   * One of several texts.
   *
   * @param choices at least one, none of them empty
   */
  record Choice(List<String> choices) implements ResponseFormat {
    public Choice {
      choices = List.copyOf(choices);
      if (choices.isEmpty() || choices.size() > CHOICES_MAX) {
        throw new IllegalArgumentException(
            "there are " + choices.size() + " choices, must be 1 to " + CHOICES_MAX);
      }
      if (choices.contains("")) {
        throw new IllegalArgumentException("a choice is empty");
      }
      checkLength("the choices", choices.stream().mapToInt(String::length).sum());
    }
  }

  private static void checkLength(String what, int length) {
    if (length > LENGTH_MAX) {
      throw new IllegalArgumentException(
          what + " has " + length + " characters, the most is " + LENGTH_MAX);
    }
  }
}
