package io.millrace.engine.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The spelling of bytes as printable characters in byte-level BPE vocabularies: printable Latin-1
 * bytes stand for themselves, the others for the characters from U+0100 on, in order.
 *
 * <p>Source: GPT-2's {@code bytes_to_unicode}.
 */
final class ByteLevel {
  private static final char[] CHARS = new char[256];
  private static final short[] BYTES = new short[0x144];

  static {
    java.util.Arrays.fill(BYTES, (short) -1);
    int other = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xFF && b != 0xAD);
      CHARS[b] = (char) (printable ? b : other++);
      BYTES[CHARS[b]] = (short) b;
    }
  }

  private ByteLevel() {}

  /** The character that stands for a byte. */
  static char character(int unsignedByte) {
    return CHARS[unsignedByte];
  }

  /** The bytes that a piece spells. Characters that stand for no byte spell themselves. */
  static byte[] bytes(String piece) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(piece.length());
    piece
        .codePoints()
        .forEach(
            c -> {
              if (c < BYTES.length && BYTES[c] >= 0) {
                bytes.write(BYTES[c]);
              } else {
                bytes.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
              }
            });
    return bytes.toByteArray();
  }
}
