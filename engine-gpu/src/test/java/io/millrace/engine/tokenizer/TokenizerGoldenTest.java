package io.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tokenizers against the ids that llama.cpp's tests expect, to the last one. */
class TokenizerGoldenTest {

  @ParameterizedTest
  @ValueSource(strings = {"gpt-2", "llama-spm"})
  void encodesAsTheOriginalDoes(String name) throws IOException {
    Tokenizer tokenizer = VocabFiles.tokenizer(name);
    List<VocabFiles.Case> cases = VocabFiles.cases(name);
    assertThat(cases).hasSize(46);
    for (VocabFiles.Case expected : cases) {
      assertThat(tokenizer.encode(expected.text(), false))
          .as("%s: <%s>", name, expected.text())
          .containsExactly(expected.ids());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt-2", "llama-spm"})
  void bytesOfTheTokensAreTheText(String name) throws IOException {
    Tokenizer tokenizer = VocabFiles.tokenizer(name);
    for (VocabFiles.Case expected : VocabFiles.cases(name)) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      for (int id : expected.ids()) {
        bytes.writeBytes(tokenizer.bytes(id));
      }
      String prefix = tokenizer.addsSpacePrefix() && expected.ids().length > 0 ? " " : "";
      assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo(prefix + expected.text());
    }
  }
}
