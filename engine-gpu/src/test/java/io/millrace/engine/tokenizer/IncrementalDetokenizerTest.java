package io.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IncrementalDetokenizerTest {

  @Test
  void holdsBackACharacterUntilItIsComplete() {
    Tokenizer gpt2 = VocabFiles.tokenizer("gpt-2");
    int[] tokens = gpt2.encode("ok 🦙", false);
    IncrementalDetokenizer detokenizer = IncrementalDetokenizer.ofAnswer(gpt2);
    StringBuilder text = new StringBuilder();
    boolean held = false;
    for (int token : tokens) {
      String piece = detokenizer.append(token);
      assertThat(piece).doesNotContain("\uFFFD");
      held |= detokenizer.heldBack().length > 0;
      text.append(piece);
    }
    assertThat(held).isTrue();
    assertThat(text + detokenizer.flush()).isEqualTo("ok 🦙");
  }

  @Test
  void dropsTheSpaceOfSentencePieceFromTheStartOfATextOnly() {
    Tokenizer llama = VocabFiles.tokenizer("llama-spm");
    int[] tokens = llama.encode("Hello world", false);
    assertThat(IncrementalDetokenizer.decode(llama, tokens)).isEqualTo("Hello world");
    assertThat(IncrementalDetokenizer.ofAnswer(llama).append(tokens[0])).isEqualTo(" Hello");
  }

  /** Any bytes, cut anywhere, give what decoding them at once gives. */
  @Test
  void equalsDecodingAllBytesAtOnce() {
    Random random = new Random(7);
    byte[][] snippets = {
      "aé€🦙".getBytes(StandardCharsets.UTF_8),
      {(byte) 0xF0, (byte) 0x9F},
      {(byte) 0xE0, (byte) 0x80},
      {(byte) 0xED, (byte) 0xA0, (byte) 0x80},
      {(byte) 0xC3},
      {(byte) 0xFF, (byte) 0x80},
      {(byte) 0xF4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
    };
    for (int round = 0; round < 3000; round++) {
      byte[] bytes = new byte[random.nextInt(24)];
      for (int i = 0; i < bytes.length; ) {
        byte[] snippet = snippets[random.nextInt(snippets.length)];
        int length = Math.min(1 + random.nextInt(snippet.length), bytes.length - i);
        System.arraycopy(snippet, 0, bytes, i, length);
        i += length;
      }
      BytesTokenizer tokenizer = new BytesTokenizer(bytes, random);
      IncrementalDetokenizer detokenizer = IncrementalDetokenizer.ofAnswer(tokenizer);
      StringBuilder text = new StringBuilder();
      while (tokenizer.hasNext()) {
        text.append(detokenizer.append(0));
        assertThat(detokenizer.heldBack().length).isLessThanOrEqualTo(3);
      }
      assertThat(text + detokenizer.flush())
          .as(Arrays.toString(bytes))
          .isEqualTo(new String(bytes, StandardCharsets.UTF_8));
    }
  }

  /** Hands out given bytes in random portions, whatever token is asked for. */
  private static final class BytesTokenizer implements Tokenizer {
    private final byte[] bytes;
    private final Random random;
    private int at;

    BytesTokenizer(byte[] bytes, Random random) {
      this.bytes = bytes;
      this.random = random;
    }

    boolean hasNext() {
      return at < bytes.length;
    }

    @Override
    public byte[] bytes(int token) {
      int end = Math.min(bytes.length, at + random.nextInt(4));
      byte[] portion = Arrays.copyOfRange(bytes, at, end);
      at = end;
      return portion;
    }

    @Override
    public int vocabSize() {
      return 1;
    }

    @Override
    public int[] encode(String text, boolean parseSpecial) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String piece(int token) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int bosToken() {
      return -1;
    }

    @Override
    public int eosToken() {
      return -1;
    }

    @Override
    public boolean isEndOfGeneration(int token) {
      return false;
    }

    @Override
    public boolean addsBos() {
      return false;
    }
  }
}
