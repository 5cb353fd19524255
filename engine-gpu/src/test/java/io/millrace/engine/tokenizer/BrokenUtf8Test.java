package io.millrace.engine.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes that are not UTF-8, against what llama.cpp makes of them. */
class BrokenUtf8Test {

  @Test
  void bytePairEncodersReadAReplacementAndSentencePieceKeepsTheByte() {
    byte[] text = {'a', (byte) 0xFF, 'b'};
    Tokenizer gpt2 = VocabFiles.tokenizer("gpt-2");
    assertThat(gpt2.encode(text, false)).containsExactly(gpt2.encode("a\uFFFDb", false));
    Tokenizer spm = VocabFiles.tokenizer("llama-spm");
    assertThat(bytes(spm, spm.encode(text, false))).containsExactly(' ', 'a', 0xFF, 'b');
  }

  @ParameterizedTest
  @CsvSource({"gpt-2, 1", "llama-spm, 2"})
  void encodesAsLlamaCppDoes(String name, int column) throws IOException {
    Tokenizer tokenizer = VocabFiles.tokenizer(name);
    List<String[]> cases = cases();
    assertThat(cases).hasSizeGreaterThan(200);
    for (String[] expected : cases) {
      assertThat(tokenizer.encode(HexFormat.of().parseHex(expected[0]), false))
          .as("%s: %s", name, expected[0])
          .containsExactly(
              Arrays.stream(expected[column].split(" ")).mapToInt(Integer::parseInt).toArray());
    }
  }

  @Test
  void sentencePieceLosesNoByte() {
    Tokenizer spm = VocabFiles.tokenizer("llama-spm");
    Random random = new Random(3);
    for (int i = 0; i < 2000; i++) {
      byte[] text = new byte[1 + random.nextInt(20)];
      random.nextBytes(text);
      for (int b = 0; b < text.length; b++) {
        // After a broken first byte, a space stays as it is spelled, U+2581: llama.cpp's way.
        text[b] = text[b] == ' ' ? (byte) 0x80 : text[b];
      }
      byte[] withPrefix = new byte[text.length + 1];
      withPrefix[0] = ' ';
      System.arraycopy(text, 0, withPrefix, 1, text.length);
      assertThat(bytes(spm, spm.encode(text, false))).containsExactly(withPrefix);
    }
  }

  @ParameterizedTest
  @CsvSource({"gpt-2", "llama-spm"})
  void validTextIsTheSameAsBytes(String name) throws IOException {
    Tokenizer tokenizer = VocabFiles.tokenizer(name);
    for (VocabFiles.Case valid : VocabFiles.cases(name)) {
      assertThat(tokenizer.encode(valid.text().getBytes(UTF_8), false))
          .containsExactly(valid.ids());
    }
  }

  @Test
  void charactersBeyondUnicodeAreReplacedByteByByte() {
    Tokenizer gpt2 = VocabFiles.tokenizer("gpt-2");
    byte[] text = {(byte) 0xF4, (byte) 0x90, (byte) 0x80, (byte) 0x80, 'x'};
    assertThat(gpt2.encode(text, false))
        .containsExactly(gpt2.encode("\uFFFD\uFFFD\uFFFD\uFFFDx", false));
  }

  @Test
  void noSpecialTokenIsFoundAcrossBrokenBytes() {
    Tokenizer spm = VocabFiles.tokenizer("llama-spm");
    byte[] text = {(byte) 0xE4, '<', 's', '>'};
    assertThat(spm.encode(text, true)).endsWith(spm.bosToken());
    assertThat(spm.encode(new byte[] {'<', 's', (byte) 0x80, '>'}, true))
        .doesNotContain(spm.bosToken());
  }

  private static byte[] bytes(Tokenizer tokenizer, int[] ids) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int id : ids) {
      bytes.writeBytes(tokenizer.bytes(id));
    }
    return bytes.toByteArray();
  }

  private static List<String[]> cases() throws IOException {
    try (InputStream in = BrokenUtf8Test.class.getResourceAsStream("/vocab/broken-utf8.tsv")) {
      List<String[]> cases = new ArrayList<>();
      for (String line : new String(in.readAllBytes(), UTF_8).lines().toList()) {
        if (!line.startsWith("#")) {
          cases.add(line.split("\t"));
        }
      }
      return cases;
    }
  }
}
