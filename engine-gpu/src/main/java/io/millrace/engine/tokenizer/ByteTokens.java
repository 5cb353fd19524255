package io.millrace.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The tokens of single bytes, spelled {@code <0xXX>}, that spell what no other token does. */
final class ByteTokens {
  private static final char SPACE = '\u2581';

  private final int[] tokens = new int[256];

  /**
   * @throws IllegalArgumentException if a byte token is not spelled like one
   */
  ByteTokens(Vocabulary vocabulary) {
    Arrays.fill(tokens, -1);
    for (int id = 0; id < vocabulary.size(); id++) {
      if (vocabulary.type(id) == TokenType.BYTE) {
        tokens[byteOf(vocabulary.piece(id), id)] = id;
      }
    }
  }

  /** Whether every byte has a token. */
  boolean complete() {
    return Arrays.stream(tokens).allMatch(token -> token >= 0);
  }

  /** The token of a byte, or -1. */
  int token(byte b) {
    return tokens[b & 0xFF];
  }

  /** Puts U+2581 for spaces, as vocabularies with byte tokens spell them. */
  static String spell(String text) {
    return text.replace(' ', SPACE);
  }

  /** The bytes of a token of a vocabulary with byte tokens. */
  static byte[] bytes(Vocabulary vocabulary, int token) {
    String piece = vocabulary.piece(token);
    return switch (vocabulary.type(token)) {
      case CONTROL, UNKNOWN -> new byte[0];
      case BYTE -> new byte[] {(byte) byteOf(piece, token)};
      case USER_DEFINED -> vocabulary.pieceBytes(token);
      case NORMAL, UNUSED -> piece.replace(SPACE, ' ').getBytes(StandardCharsets.UTF_8);
    };
  }

  private static int byteOf(String piece, int id) {
    if (!piece.matches("<0x[0-9A-Fa-f]{2}>")) {
      throw new IllegalArgumentException("byte token " + id + " is not spelled <0xXX>");
    }
    return Integer.parseInt(piece.substring(3, 5), 16);
  }
}
