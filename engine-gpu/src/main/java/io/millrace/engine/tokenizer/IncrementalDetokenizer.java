package io.millrace.engine.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Turns a growing sequence of tokens into text, whole characters only: the bytes of one that is not
 * complete are held back. Bytes that are not UTF-8 become U+FFFD. Not thread-safe.
 */
public final class IncrementalDetokenizer {
  private final Tokenizer tokenizer;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);

  /** The first bytes of a character, at most three. */
  private byte[] held = new byte[0];

  private IncrementalDetokenizer(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** For an answer, which goes on after a prompt: a space at its start is the model's own. */
  public static IncrementalDetokenizer ofAnswer(Tokenizer tokenizer) {
    return new IncrementalDetokenizer(tokenizer);
  }

  /** Adds a token; returns the characters that became whole. */
  public String append(int token) {
    return decode(tokenizer.bytes(token), false);
  }

  /** Ends the sequence; what was held back becomes U+FFFD. */
  public String flush() {
    return decode(new byte[0], true);
  }

  private String decode(byte[] bytes, boolean end) {
    ByteBuffer in = ByteBuffer.allocate(held.length + bytes.length).put(held).put(bytes).flip();
    CharBuffer out = CharBuffer.allocate(in.remaining());
    decoder.reset();
    decoder.decode(in, out, end);
    held = new byte[in.remaining()];
    in.get(held);
    return out.flip().toString();
  }
}
