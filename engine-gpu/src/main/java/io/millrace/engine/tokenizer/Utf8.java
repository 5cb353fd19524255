package io.millrace.engine.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Texts that may hold bytes which are not UTF-8.
 *
 * <p>Such a byte is an <em>escape</em> in a Java string: the lone surrogate U+DC00 + byte, as in
 * Python's {@code surrogateescape}. No valid text has one, so nothing is lost and no token's
 * spelling is found across it. Any other half of a surrogate pair, which no UTF-8 text becomes
 * either, reads as U+FFFD.
 */
final class Utf8 {
  private static final char ESCAPE = 0xDC00;
  private static final char REPLACEMENT = '\uFFFD';

  private Utf8() {}

  /** The text of bytes, those that are not UTF-8 escaped one by one. */
  static String escaped(byte[] bytes) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    for (CoderResult result = decoder.decode(in, out, true);
        !result.isUnderflow();
        result = decoder.decode(in, out, true)) {
      for (int i = 0; i < result.length(); i++) {
        out.put(escape(in.get()));
      }
      decoder.reset();
    }
    return out.flip().toString();
  }

  /** Bytes as escapes, also those that are characters; ASCII stays as it is. */
  static String escapedWhole(byte[] bytes, int from, int to) {
    StringBuilder text = new StringBuilder(to - from);
    for (int i = from; i < to; i++) {
      text.append(bytes[i] < 0 ? escape(bytes[i]) : (char) bytes[i]);
    }
    return text.toString();
  }

  private static char escape(byte b) {
    return (char) (ESCAPE | (b & 0xFF));
  }

  /** Whether a text has halves of surrogate pairs that stand alone, escapes among them. */
  static boolean hasLoneSurrogates(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (isLone(text, i)) {
        return true;
      }
      if (Character.isHighSurrogate(text.charAt(i))) {
        i++;
      }
    }
    return false;
  }

  /** Whether half of a surrogate pair stands here, where a character should begin. */
  private static boolean isLone(String text, int i) {
    return Character.isLowSurrogate(text.charAt(i))
        || (Character.isHighSurrogate(text.charAt(i))
            && (i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1))));
  }

  /** The bytes of a text, with the very bytes that its escapes stand for. */
  static byte[] bytes(String text) {
    return hasLoneSurrogates(text) ? bytes(text, false) : text.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The bytes of a text that {@link #readAsLlamaCpp} gave: a lone surrogate is a character of three
   * bytes.
   */
  static byte[] bytesAsLlamaCpp(String text) {
    return hasLoneSurrogates(text) ? bytes(text, true) : text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text, boolean surrogatesAreCharacters) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(2 * text.length());
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        bytes.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
      } else if (surrogatesAreCharacters) {
        bytes.write(0xE0 | (c >> 12));
        bytes.write(0x80 | ((c >> 6) & 0x3F));
        bytes.write(0x80 | (c & 0x3F));
      } else if (isEscape(c)) {
        bytes.write(c & 0xFF);
      } else {
        bytes.writeBytes(Character.toString(REPLACEMENT).getBytes(StandardCharsets.UTF_8));
      }
    }
    return bytes.toByteArray();
  }

  private static boolean isEscape(int c) {
    return c >= ESCAPE + 0x80 && c <= ESCAPE + 0xFF;
  }

  /**
   * The text as llama.cpp's byte-pair encoders read it: a character of more bytes than it needs is
   * that character, half of a surrogate pair is one too, and any other escape is U+FFFD. Where
   * llama.cpp dies, of characters beyond U+10FFFF, their four bytes are U+FFFD as well.
   */
  static String readAsLlamaCpp(String text) {
    if (!hasLoneSurrogates(text)) {
      return text;
    }
    StringBuilder read = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); ) {
      if (!isLone(text, i)) {
        int c = text.codePointAt(i);
        read.appendCodePoint(c);
        i += Character.charCount(c);
        continue;
      }
      int length = lenientLength(text, i);
      int c = length == 0 ? REPLACEMENT : lenientCharacter(text, i, length);
      boolean exists = c <= Character.MAX_CODE_POINT;
      read.appendCodePoint(exists ? c : REPLACEMENT);
      i += exists ? Math.max(1, length) : 1;
    }
    return read.toString();
  }

  /** Escapes from here on that look like one character, or 0. */
  private static int lenientLength(String text, int start) {
    int lead = text.charAt(start);
    int length =
        isEscape(lead) && (lead & 0xFF) >= 0xC0 && (lead & 0xFF) < 0xF8 ? leadLength(lead) : 0;
    for (int i = start + 1; i < start + length; i++) {
      if (i == text.length() || !isEscape(text.charAt(i)) || (text.charAt(i) & 0xC0) != 0x80) {
        return 0;
      }
    }
    return length;
  }

  private static int lenientCharacter(String text, int start, int length) {
    int c = text.charAt(start) & (0x7F >> length);
    for (int i = start + 1; i < start + length; i++) {
      c = (c << 6) | (text.charAt(i) & 0x3F);
    }
    return c;
  }

  /** How many bytes a character has by its first one. */
  static int leadLength(int b) {
    return switch ((b >> 4) & 0xF) {
      case 0xC, 0xD -> 2;
      case 0xE -> 3;
      case 0xF -> 4;
      default -> 1;
    };
  }
}
