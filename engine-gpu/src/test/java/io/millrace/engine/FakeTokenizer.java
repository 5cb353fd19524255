package io.millrace.engine;

import io.millrace.engine.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A vocabulary of 32 tokens with what makes detokenising hard: tokens of several letters, parts of
 * characters, and bytes that are no UTF-8 at all.
 */
public class FakeTokenizer implements Tokenizer {
  public static final int EOS = 0;

  private static final byte[][] BYTES = {
    {}, // the end token
    utf8("a"),
    utf8("b"),
    utf8("c"),
    utf8("d"),
    utf8("e"),
    utf8("f"),
    utf8("g"),
    utf8("h"),
    utf8("i"),
    utf8("j"),
    utf8("k"),
    utf8("l"),
    utf8("m"),
    utf8("n"),
    utf8("ab"),
    utf8("bc"),
    utf8("abc"),
    utf8("cab"),
    utf8("aé"),
    utf8(" "),
    utf8("\n"),
    {(byte) 0xC3},
    {(byte) 0xA9}, // é in two halves
    {(byte) 0xE2, (byte) 0x82},
    {(byte) 0xAC}, // € in two parts
    {'a', (byte) 0xF0, (byte) 0x9F},
    {(byte) 0x98, (byte) 0x80, 'b'}, // an emoji, and more
    {(byte) 0xFF}, // never UTF-8
    utf8("世"),
    utf8("😀"),
    utf8("ca")
  };

  /** The tokens of a text of the letters a to n. */
  public static int[] tokens(String letters) {
    return letters.chars().map(c -> c - 'a' + 1).toArray();
  }

  @Override
  public int vocabSize() {
    return BYTES.length;
  }

  @Override
  public int[] encode(String text, boolean parseSpecial) {
    return tokens(text);
  }

  @Override
  public byte[] bytes(int token) {
    return BYTES[token].clone();
  }

  @Override
  public String piece(int token) {
    return Arrays.toString(BYTES[token]);
  }

  @Override
  public int bosToken() {
    return -1;
  }

  @Override
  public int eosToken() {
    return EOS;
  }

  @Override
  public boolean isEndOfGeneration(int token) {
    return token == EOS;
  }

  @Override
  public boolean addsBos() {
    return false;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
