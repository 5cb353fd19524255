package io.millrace.engine.tokenizer;

import java.util.List;
import java.util.Optional;

/**
 * Cuts text into the words that byte-pair encoding works on.
 *
 * <p>Each rule in turn cuts what the one before has left, and sees one such part only, not what
 * stands around it.
 *
 * @param rules the rules
 * @param wholeWordsFirst whether a word that is a token as it stands is taken without merging
 * @param addsBos whether such vocabularies add the begin-of-text token unless they say otherwise
 */
record PreTokenizer(List<SplitRule> rules, boolean wholeWordsFirst, boolean addsBos) {

  /** Receives a part's place in the text. */
  @FunctionalInterface
  interface Sink {
    void word(int start, int end);
  }

  /** The pre-tokeniser with this name in GGUF files ({@code tokenizer.ggml.pre}). */
  static Optional<PreTokenizer> byName(String name) {
    return Optional.ofNullable(PreTokenizerCatalogue.BY_NAME.get(name));
  }

  /** All names, for messages. */
  static String names() {
    return String.join(", ", PreTokenizerCatalogue.BY_NAME.keySet());
  }

  /** Cuts a text without halves of surrogate pairs; no word is empty. */
  void split(String text, Sink sink) {
    split(PatternText.of(text), 0, text.length(), 0, sink);
  }

  private void split(PatternText text, int start, int end, int rule, Sink sink) {
    if (start == end) {
      return;
    }
    if (rule == rules.size()) {
      sink.word(start, end);
      return;
    }
    rules.get(rule).split(text, start, end, (from, to) -> split(text, from, to, rule + 1, sink));
  }
}
