package io.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class PreTokenizerTest {

  @Test
  void cutsTextIntoWords() {
    PreTokenizer llama3 = PreTokenizer.byName("llama-bpe").orElseThrow();
    assertThat(words(llama3, "I'm 12345 \n\n  years"))
        .containsExactly("I", "'m", " ", "123", "45", " \n\n", " ", " years");
    PreTokenizer deepseek = PreTokenizer.byName("deepseek-v3").orElseThrow();
    assertThat(words(deepseek, "(abc)你好,x12345"))
        .containsExactly("(abc", ")", "你好", ",x", "123", "45");
  }

  private static List<String> words(PreTokenizer preTokenizer, String text) {
    List<String> words = new ArrayList<>();
    preTokenizer.split(text, (start, end) -> words.add(text.substring(start, end)));
    return words;
  }

  /** A vocabulary whose merges go across words, so that where words end shows in the tokens. */
  private static Tokenizer synthetic(String preTokenizer) throws IOException {
    List<String> merges = resource("synthetic-merges.txt").lines().toList();
    List<String> pieces = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      pieces.add(String.valueOf(ByteLevel.character(b)));
    }
    merges.forEach(merge -> pieces.add(merge.replace(" ", "")));
    List<TokenType> types = Collections.nCopies(pieces.size(), TokenType.NORMAL);
    return new BpeTokenizer(
        new Vocabulary(pieces, types, -1, -1, -1, Set.of(), false), merges, preTokenizer);
  }

  /** What llama.cpp makes of the same texts with this vocabulary: see the folder's README. */
  @Test
  void everyNameCutsAsLlamaCppDoes() throws IOException {
    String[] texts = new ObjectMapper().readValue(resource("pre-tokenizers.json"), String[].class);
    Set<String> seen = new HashSet<>();
    for (String line : resource("pre-tokenizers.txt").lines().toList()) {
      String[] namesAndHashes = line.split(": ");
      String[] hashes = namesAndHashes[1].split(" ");
      assertThat(hashes).hasSize(texts.length).hasSizeGreaterThan(40);
      for (String name : namesAndHashes[0].split(" ")) {
        Tokenizer tokenizer = synthetic(name);
        for (int i = 0; i < texts.length; i++) {
          assertThat(hash(tokenizer.encode(texts[i], false)))
              .as("%s: %s", name, texts[i])
              .isEqualTo(hashes[i]);
        }
        seen.add(name);
      }
    }
    assertThat(seen).containsExactlyInAnyOrder(PreTokenizer.names().split(", "));
  }

  private static String hash(int[] ids) {
    CRC32 crc = new CRC32();
    String line = IntStream.of(ids).mapToObj(Integer::toString).collect(Collectors.joining(" "));
    crc.update(line.getBytes(StandardCharsets.US_ASCII));
    return String.format("%04x", crc.getValue() & 0xFFFF);
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = PreTokenizerTest.class.getResourceAsStream("/vocab/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Inputs on which backtracking or recursion would take minutes, or the stack. */
  @Test
  void longRunsTakeTimeInProportion() {
    List<String> units = List.of("a", "A", "é", " ", "\n", "1", "'", "中", "a ", " \u0301", "-a");
    Set<PreTokenizer> distinct = new HashSet<>(PreTokenizerCatalogue.BY_NAME.values());
    assertThat(distinct).hasSizeGreaterThan(20);
    for (PreTokenizer preTokenizer : distinct) {
      for (String unit : units) {
        String text = unit.repeat(20_000) + "x";
        int[] end = {0};
        boolean[] gaps = {false};
        assertTimeout(
            Duration.ofSeconds(10),
            () ->
                preTokenizer.split(
                    text,
                    (from, to) -> {
                      gaps[0] |= from != end[0] || to <= from;
                      end[0] = to;
                    }));
        assertThat(gaps[0]).as(unit).isFalse();
        assertThat(end[0]).as(unit).isEqualTo(text.length());
      }
    }
  }

  /** The table says what the JDK says, but for what one of the two does not know yet. */
  @Test
  void classesAreThoseOfUnicode() {
    String letters = "OLLLLLMMMNNNWWWOO" + "?" + "OOPPPPPSSSSPP"; // by Character.getType
    for (int c = 0x80; c <= Character.MAX_CODE_POINT; c++) {
      char actual = PatternText.classOf(c);
      char expected = letters.charAt(Character.getType(c));
      boolean known = Character.getType(c) != Character.UNASSIGNED && actual != 'O';
      if (known && c != 0x85) {
        assertThat(actual == 'H' ? 'L' : actual).as("U+%04X", c).isEqualTo(expected);
      }
    }
    assertThat(PatternText.classOf(0x85)).isEqualTo('W');
    assertThat(PatternText.classOf(0x4E00)).isEqualTo('H');
    // Assigned in Unicode 14 and 15, which JDK 17 does not know; in 16, which the table does not.
    assertThat(PatternText.classOf(0x870)).isEqualTo('L');
    assertThat(PatternText.classOf(0x1E4D0)).isEqualTo('L');
    assertThat(PatternText.classOf(0x1C89)).isEqualTo('O');
    assertThat(Arrays.asList('L', 'M', 'N', 'P', 'S', 'W', 'H'))
        .allSatisfy(
            of ->
                assertThat(IntStream.rangeClosed(0x80, 0x10FFFF))
                    .anyMatch(c -> PatternText.classOf(c) == of));
  }

  @Test
  void viewsKeepPlaces() {
    String text = "a\u00A0\u4E00\uD83E\uDD99\uD840\uDC00é1";
    PatternText views = PatternText.of(text);
    assertThat(views.classes()).hasSameSizeAs(text).startsWith("a\u000B\u4E00");
    assertThat(views.literal()).hasSameSizeAs(text).isEqualTo(text.replace('\u00A0', '\u000B'));
    assertThat(PatternText.of("plain").classes()).isEqualTo("plain");
  }
}
