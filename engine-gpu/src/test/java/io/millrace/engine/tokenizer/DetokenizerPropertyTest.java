package io.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streaming over random tokens of real vocabularies, byte tokens and halves of characters too. */
class DetokenizerPropertyTest {

  @ParameterizedTest
  @ValueSource(strings = {"gpt-2", "llama-spm"})
  void streamedTextIsTheWholeTextAndNeverEndsInHalfACharacter(String name) {
    Tokenizer tokenizer = VocabFiles.tokenizer(name);
    Random random = new Random(3);
    int incomplete = 0;
    for (int round = 0; round < 2000; round++) {
      IncrementalDetokenizer detokenizer = IncrementalDetokenizer.ofAnswer(tokenizer);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      StringBuilder streamed = new StringBuilder();
      for (int i = random.nextInt(30); i > 0; i--) {
        // Low ids are bytes in both vocabularies: half of the tokens come from there.
        int bound = random.nextBoolean() ? 260 : tokenizer.vocabSize();
        int token = random.nextInt(bound);
        bytes.writeBytes(tokenizer.bytes(token));
        streamed.append(detokenizer.append(token));
        byte[] held = detokenizer.heldBack();
        incomplete += held.length > 0 ? 1 : 0;
        // What is out and what is held back are all there is; what is held back is no character.
        assertThat(streamed + new String(held, StandardCharsets.UTF_8))
            .isEqualTo(bytes.toString(StandardCharsets.UTF_8));
        assertThat(held.length).isLessThanOrEqualTo(3);
        assertThat(streamed.length() > 0 && endsInHalf(streamed)).isFalse();
      }
      assertThat(streamed + detokenizer.flush()).isEqualTo(bytes.toString(StandardCharsets.UTF_8));
    }
    assertThat(incomplete).isGreaterThan(100);
  }

  private static boolean endsInHalf(StringBuilder text) {
    return Character.isHighSurrogate(text.charAt(text.length() - 1));
  }
}
