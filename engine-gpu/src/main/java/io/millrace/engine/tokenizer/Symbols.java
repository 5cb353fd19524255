package io.millrace.engine.tokenizer;

import java.util.Arrays;

/**
 * A text as SentencePiece's merging begins with it: its characters.
 *
 * <p>Where a text has bytes that are not UTF-8, symbols are cut by the length that their first byte
 * claims, as llama.cpp does it. Such a symbol may swallow bytes of the characters after it; it is
 * all escapes ({@link Utf8}), which no token spells, and so ends as the tokens of its bytes.
 *
 * @param text the text, which may be spelled with more escapes than it came with
 * @param starts where each symbol starts in it, and its end
 */
record Symbols(String text, int[] starts) {

  static Symbols of(String text) {
    if (Utf8.hasLoneSurrogates(text)) {
      return ofBytes(Utf8.bytes(text));
    }
    int[] starts = new int[text.codePointCount(0, text.length()) + 1];
    for (int i = 1; i < starts.length; i++) {
      starts[i] = text.offsetByCodePoints(starts[i - 1], 1);
    }
    return new Symbols(text, starts);
  }

  private static Symbols ofBytes(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length);
    int[] starts = new int[bytes.length + 1];
    int count = 0;
    for (int from = 0; from < bytes.length; ) {
      int to = Math.min(bytes.length, from + Utf8.leadLength(bytes[from]));
      text.append(symbol(bytes, from, to));
      starts[++count] = text.length();
      from = to;
    }
    return new Symbols(text.toString(), Arrays.copyOf(starts, count + 1));
  }

  private static String symbol(byte[] bytes, int from, int to) {
    String text = Utf8.escaped(Arrays.copyOfRange(bytes, from, to));
    return Utf8.hasLoneSurrogates(text) ? Utf8.escapedWhole(bytes, from, to) : text;
  }

  int count() {
    return starts.length - 1;
  }

  /** The text from one symbol to another, which it leaves out. */
  String between(int start, int end) {
    return text.substring(starts[start], starts[end]);
  }
}
