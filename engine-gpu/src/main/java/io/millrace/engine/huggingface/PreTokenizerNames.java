package io.millrace.engine.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.engine.gguf.GgufFormatException;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the name that GGUF gives to a {@code pre_tokenizer}. Only known ones are accepted, so that
 * no file brings regular expressions of its own along.
 */
final class PreTokenizerNames {
  private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String SPACES = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String SIGNS = " ?[^\\s\\p{L}\\p{N}]+";
  private static final String START = "[^\\r\\n\\p{L}\\p{N}]?";
  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";

  private static final String CHINESE = "split [一-龥ࠀ-一가-퟿]+";
  private static final String BYTES = "bytes";
  private static final String WORDS_AND_BYTES = "gpt-2 words, bytes";
  private static final String EACH_DIGIT = "each digit";

  /**
   * @param name in GGUF files
   * @param ignoresMerges whether words that are tokens stay whole, whatever the merges say; null if
   *     that makes no difference to the name
   * @param steps in order; one that ends in an ellipsis is compared up to it
   */
  private record Known(String name, Boolean ignoresMerges, List<String> steps) {
    Known(String name, Boolean ignoresMerges, String... steps) {
      this(name, ignoresMerges, List.of(steps));
    }

    boolean matches(List<String> others, boolean ignoreMerges) {
      if (others.size() != steps.size()
          || (ignoresMerges != null && ignoresMerges != ignoreMerges)) {
        return false;
      }
      for (int i = 0; i < steps.size(); i++) {
        String step = steps.get(i);
        boolean same =
            step.endsWith("…")
                ? others.get(i).startsWith(step.substring(0, step.length() - 1))
                : others.get(i).equals(step);
        if (!same) {
          return false;
        }
      }
      return true;
    }
  }

  private static final String LLAMA_3 = splitWords("\\p{L}+", "\\p{N}{1,3}");

  private static final List<Known> ALL =
      List.of(
          new Known("gpt-2", null, WORDS_AND_BYTES),
          new Known("starcoder", null, EACH_DIGIT, WORDS_AND_BYTES),
          new Known("llama-bpe", true, LLAMA_3, BYTES),
          new Known("dbrx", false, LLAMA_3, BYTES),
          new Known("qwen2", null, splitWords("\\p{L}+", "\\p{N}"), BYTES),
          new Known(
              "qwen35",
              null,
              "split "
                  + CONTRACTIONS
                  + "|"
                  + START
                  + "[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|"
                  + SPACES,
              BYTES),
          new Known("tekken", null, splitCased("", "\\p{N}"), BYTES),
          new Known("gpt-4o", null, splitCased(CONTRACTIONS + "?", "\\p{N}{1,3}"), BYTES),
          new Known(
              "falcon",
              null,
              "signs together",
              WORDS_AND_BYTES,
              "digits together",
              "split [0-9][0-9][0-9]"),
          new Known(
              "deepseek-llm",
              null,
              "split [\\r\\n]",
              "split \\s?[A-Za-zµÀ-Ö…",
              "split \\s?[!-/:-~！-／：-～‘-‟　-。]+",
              "split \\s+$",
              CHINESE,
              EACH_DIGIT,
              BYTES),
          new Known(
              "deepseek-coder",
              null,
              "split [\\r\\n]",
              "split \\s?\\p{L}+",
              "split \\s?\\p{P}+",
              CHINESE,
              EACH_DIGIT,
              BYTES),
          new Known(
              "deepseek-v3",
              null,
              "split \\p{N}{1,3}",
              "split [一-龥\u3040-ゟ゠-ヿ]+",
              "split [!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                  + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|"
                  + SPACES,
              BYTES));

  private PreTokenizerNames() {}

  private static String splitWords(String letters, String number) {
    return "split "
        + String.join("|", CONTRACTIONS, START + letters, number, SIGNS + "[\\r\\n]*", SPACES);
  }

  private static String splitCased(String after, String number) {
    return "split "
        + String.join(
            "|",
            START + UPPER + "*" + LOWER + "+" + after,
            START + UPPER + "+" + LOWER + "*" + after,
            number,
            SIGNS + "[\\r\\n/]*",
            SPACES);
  }

  /**
   * The name of a byte-level pre-tokenizer.
   *
   * @throws GgufFormatException if it is none that is known
   */
  static String of(JsonFields tokenizer, boolean ignoreMerges) throws GgufFormatException {
    List<String> steps = new ArrayList<>();
    addSteps(tokenizer, tokenizer.node().path("pre_tokenizer"), steps);
    return ALL.stream()
        .filter(known -> known.matches(steps, ignoreMerges))
        .map(Known::name)
        .findFirst()
        .orElseThrow(
            () ->
                tokenizer.error(
                    "the pre_tokenizer is not known: "
                        + GgufFormatException.quote(String.join("; ", steps))));
  }

  private static void addSteps(JsonFields tokenizer, JsonNode step, List<String> steps)
      throws GgufFormatException {
    switch (step.path("type").asText()) {
      case "Sequence" -> {
        for (JsonNode inner : step.path("pretokenizers")) {
          addSteps(tokenizer, inner, steps);
        }
      }
      case "ByteLevel" -> {
        tokenizer.require(
            !step.path("add_prefix_space").asBoolean(false),
            "the pre_tokenizer adds a space in front, which is not supported");
        steps.add(step.path("use_regex").asBoolean(true) ? WORDS_AND_BYTES : BYTES);
      }
      case "Digits" ->
          steps.add(step.path("individual_digits").asBoolean() ? EACH_DIGIT : "digits together");
      case "Punctuation" ->
          steps.add(
              step.path("behavior").asText().equals("Contiguous") ? "signs together" : "each sign");
      case "Split" -> {
        boolean invert = step.path("invert").asBoolean();
        String behavior = step.path("behavior").asText();
        // What a regular expression does not match is kept too, or there is nothing of it.
        tokenizer.require(
            behavior.equals("Isolated") || (behavior.equals("Removed") && invert),
            "the pre_tokenizer splits " + GgufFormatException.quote(behavior));
        steps.add("split " + step.path("pattern").path("Regex").asText());
      }
      default -> steps.add(step.path("type").asText("none"));
    }
  }
}
