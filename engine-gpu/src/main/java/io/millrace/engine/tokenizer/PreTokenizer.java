package io.millrace.engine.tokenizer;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts text into the words that byte-pair encoding works on.
 *
 * <p>Each pattern in turn cuts what the one before has left: its matches and the text between them
 * become words of their own. Patterns see one such word only, not what stands around it. Classes
 * are Unicode's: {@code \s} is White_Space, {@code \p{L}} and {@code \p{N}} are general categories
 * as the running JDK knows them.
 *
 * <p>Patterns are those of llama.cpp's {@code llama-vocab.cpp}, by its names ({@code
 * tokenizer.ggml.pre}).
 *
 * @param patterns the patterns
 * @param wholeWordsFirst whether a word that is a token as it stands is taken without merging
 * @param addsBos whether such vocabularies add the begin-of-text token unless they say otherwise
 */
record PreTokenizer(List<Pattern> patterns, boolean wholeWordsFirst, boolean addsBos) {

  /** Receives a word's place in the text. */
  @FunctionalInterface
  interface Sink {
    void word(int start, int end);
  }

  private static final String GPT_2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  private static final String CONTRACTIONS_ANY_CASE =
      "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";

  /** The common form of Llama 3 and Qwen 2, which differ in how many digits make a word. */
  private static final String LLAMA_3 =
      CONTRACTIONS_ANY_CASE
          + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|%s| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+"
          + "|\\s+(?!\\S)|\\s+";

  private static final Map<String, PreTokenizer> BY_NAME = new TreeMap<>();

  static {
    PreTokenizer gpt2 = of(false, false, GPT_2);
    PreTokenizer singleDigits = of(false, false, "\\p{N}", GPT_2);
    PreTokenizer llama3 = of(true, true, String.format(LLAMA_3, "\\p{N}{1,3}"));
    PreTokenizer qwen2 = of(false, false, String.format(LLAMA_3, "\\p{N}"));
    List.of("gpt-2", "phi-2", "mpt", "olmo").forEach(name -> BY_NAME.put(name, gpt2));
    List.of("starcoder", "refact", "command-r", "smollm", "codeshell")
        .forEach(name -> BY_NAME.put(name, singleDigits));
    List.of("llama-bpe", "llama3", "llama-v3", "falcon3")
        .forEach(name -> BY_NAME.put(name, llama3));
    List.of("qwen2", "deepseek-r1-qwen").forEach(name -> BY_NAME.put(name, qwen2));
  }

  private static PreTokenizer of(boolean wholeWordsFirst, boolean addsBos, String... patterns) {
    return new PreTokenizer(
        List.of(patterns).stream()
            .map(pattern -> Pattern.compile(pattern, Pattern.UNICODE_CHARACTER_CLASS))
            .toList(),
        wholeWordsFirst,
        addsBos);
  }

  /** The pre-tokeniser with this name in GGUF files. */
  static Optional<PreTokenizer> byName(String name) {
    return Optional.ofNullable(BY_NAME.get(name));
  }

  /** All names, for messages. */
  static String names() {
    return String.join(", ", BY_NAME.keySet());
  }

  /** Cuts a text. */
  void split(String text, Sink sink) {
    split(text, 0, text.length(), 0, sink);
  }

  private void split(String text, int start, int end, int level, Sink sink) {
    if (level == patterns.size()) {
      sink.word(start, end);
      return;
    }
    Matcher matcher = patterns.get(level).matcher(text).region(start, end);
    int at = start;
    while (matcher.find()) {
      if (matcher.start() > at) {
        split(text, at, matcher.start(), level + 1, sink);
      }
      split(text, matcher.start(), matcher.end(), level + 1, sink);
      at = matcher.end();
    }
    if (at < end) {
      split(text, at, end, level + 1, sink);
    }
  }
}
