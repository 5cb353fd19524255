package io.millrace.engine.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Turns a growing sequence of tokens into text, a whole number of characters at a time.
 *
 * <p>The bytes of a character that is not complete yet, at most three, are held back until the next
 * token or {@link #flush}. Bytes that are not UTF-8 become U+FFFD, exactly where decoding all the
 * bytes at once would put it: what {@link #append} and {@link #flush} return, joined, is {@code new
 * String(allBytes, UTF_8)}.
 *
 * <p>The state is {@link #heldBack} and whether anything came yet; replaying the tokens rebuilds
 * it.
 */
public final class IncrementalDetokenizer {
  private static final byte[] NOTHING = {};

  private final Tokenizer tokenizer;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private byte[] heldBack = NOTHING;

  /** Whether the next byte is a space that the tokenizer added. */
  private boolean dropsSpace;

  private IncrementalDetokenizer(Tokenizer tokenizer, boolean dropsSpace) {
    this.tokenizer = tokenizer;
    this.dropsSpace = dropsSpace;
  }

  /** For an answer, which goes on after a prompt: a space at its start is the model's own. */
  public static IncrementalDetokenizer ofAnswer(Tokenizer tokenizer) {
    return new IncrementalDetokenizer(tokenizer, false);
  }

  /** For a text from its beginning: a space that the tokenizer put in front is dropped. */
  public static IncrementalDetokenizer ofText(Tokenizer tokenizer) {
    return new IncrementalDetokenizer(tokenizer, tokenizer.addsSpacePrefix());
  }

  /** All the text of a sequence of tokens from its beginning. */
  public static String decode(Tokenizer tokenizer, int[] tokens) {
    IncrementalDetokenizer detokenizer = ofText(tokenizer);
    StringBuilder text = new StringBuilder();
    for (int token : tokens) {
      text.append(detokenizer.append(token));
    }
    return text.append(detokenizer.flush()).toString();
  }

  /**
   * Takes the next token.
   *
   * @return the characters that are complete now; possibly none
   * @throws IndexOutOfBoundsException if the token is not in the vocabulary
   */
  public String append(int token) {
    byte[] bytes = tokenizer.bytes(token);
    if (dropsSpace && bytes.length > 0) {
      dropsSpace = false;
      if (bytes[0] == ' ') {
        bytes = Arrays.copyOfRange(bytes, 1, bytes.length);
      }
    }
    return decode(bytes, false);
  }

  /** Ends the text: what was held back becomes U+FFFD. */
  public String flush() {
    return decode(NOTHING, true);
  }

  /** The bytes of the character that is not complete yet: at most three. */
  public byte[] heldBack() {
    return heldBack.clone();
  }

  private String decode(byte[] bytes, boolean end) {
    if (bytes.length == 0 && (heldBack.length == 0 || !end)) {
      return "";
    }
    ByteBuffer in = ByteBuffer.allocate(heldBack.length + bytes.length);
    in.put(heldBack).put(bytes).flip();
    CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
    decoder.reset();
    decoder.decode(in, out, end);
    if (end) {
      decoder.flush(out);
    }
    heldBack = new byte[in.remaining()];
    in.get(heldBack);
    return out.flip().toString();
  }
}
