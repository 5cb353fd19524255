package io.millrace.engine.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A text as the patterns of a {@link PreTokenizer} see it.
 *
 * <p>What {@code \p{L}} or {@code \s} match depends on the Unicode version of the JDK, and token
 * ids must not. So patterns never meet a character beyond ASCII whose class a JDK could see
 * otherwise: such characters are replaced by one of the same class and of the same length in UTF-16
 * that every JDK knows. Places in the views are places in the text.
 *
 * <p>Classes are those of Unicode 15.1, the version of llama.cpp's tables, which this class thereby
 * agrees with. Source: {@code unicode-15.1.txt} beside this class.
 *
 * @param classes every character beyond ASCII stands for its class; white space is U+000B
 * @param literal characters are themselves, but white space beyond ASCII is U+000B too
 */
record PatternText(String classes, String literal) {
  /** The letter that stands for Chinese characters in {@link #classes}, for patterns. */
  static final String HAN = "\\u4E00\\x{20000}";

  private static final int[] STARTS;
  private static final byte[] CLASSES;

  static {
    List<String> lines = table();
    STARTS = new int[lines.size()];
    CLASSES = new byte[lines.size()];
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      STARTS[i] = Integer.parseInt(line.substring(0, line.length() - 2), 16);
      CLASSES[i] = (byte) line.charAt(line.length() - 1);
    }
  }

  private static List<String> table() {
    try (InputStream in = PatternText.class.getResourceAsStream("unicode-15.1.txt");
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
      return reader.lines().filter(line -> !line.startsWith("#")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The views of a text without halves of surrogate pairs. */
  static PatternText of(String text) {
    int plain = 0;
    while (plain < text.length() && text.charAt(plain) < 0x80) {
      plain++;
    }
    if (plain == text.length()) {
      return new PatternText(text, text);
    }
    StringBuilder classes = new StringBuilder(text.length()).append(text, 0, plain);
    StringBuilder literal = new StringBuilder(text.length()).append(text, 0, plain);
    for (int i = plain; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      char of = c < 0x80 ? 0 : classOf(c);
      classes.appendCodePoint(of == 0 ? c : representative(of, c > 0xFFFF));
      literal.appendCodePoint(of == 'W' ? '\u000B' : c);
    }
    return new PatternText(classes.toString(), literal.toString());
  }

  /** The class of a code point, by the letters of the table. */
  static char classOf(int codePoint) {
    int place = Arrays.binarySearch(STARTS, codePoint);
    return (char) CLASSES[place >= 0 ? place : -place - 2];
  }

  private static int representative(char of, boolean supplementary) {
    return switch (of) {
      case 'L' -> supplementary ? 0x10000 : 0xAA;
      case 'H' -> supplementary ? 0x20000 : 0x4E00;
      case 'M' -> supplementary ? 0x1D165 : 0x300;
      case 'N' -> supplementary ? 0x1D7CE : 0xB2;
      case 'P' -> supplementary ? 0x10100 : 0xA1;
      case 'S' -> supplementary ? 0x1F600 : 0xA2;
      case 'W' -> 0xB;
      default -> supplementary ? 0xE0001 : 0xAD;
    };
  }
}
