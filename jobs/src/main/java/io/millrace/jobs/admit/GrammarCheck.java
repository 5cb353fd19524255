package io.millrace.jobs.admit;

import static io.millrace.jobs.admit.RejectedPromptException.invalid;

import io.millrace.engine.ResponseFormat;
import io.millrace.engine.sampling.grammar.Grammar;
import io.millrace.engine.sampling.grammar.GrammarException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Whether response formats can be followed. Compiling tells; the outcome is kept, since most
 * prompts of a stream ask for the same few. Not thread-safe.
 */
final class GrammarCheck {
  private static final int OUTCOMES_MAX = 256;
  private static final int CHARACTERS_MAX = 4 << 20;

  /** What is wrong with a format; empty if nothing. The least recently used first. */
  private final Map<ResponseFormat, String> outcomes = new LinkedHashMap<>(16, 0.75f, true);

  private int characters;

  /**
   * @param format null for any text
   * @throws RejectedPromptException in one line, if the format cannot be followed
   */
  void check(ResponseFormat format) throws RejectedPromptException {
    if (format == null) {
      return;
    }
    String problem = outcomes.get(format);
    if (problem == null) {
      problem = compile(format);
      outcomes.put(format, problem);
      characters += format.toString().length();
      var eldest = outcomes.keySet().iterator();
      while (outcomes.size() > OUTCOMES_MAX
          || (characters > CHARACTERS_MAX && outcomes.size() > 1)) {
        characters -= eldest.next().toString().length();
        eldest.remove();
      }
    }
    if (!problem.isEmpty()) {
      throw invalid("response_format: " + problem);
    }
  }

  private static String compile(ResponseFormat format) {
    try {
      Grammar.of(format);
      return "";
    } catch (GrammarException e) {
      return e.getMessage();
    }
  }
}
