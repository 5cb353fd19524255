package io.millrace.engine.tokenizer;

import io.millrace.engine.gguf.GgufFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * The vocabulary files of llama.cpp's own tests (MIT, see {@code vocab/LICENSE}): vocabularies
 * without weights, texts, and what the original tokenizers make of them.
 */
final class VocabFiles {
  private static final String SEPARATOR = "\n__ggml_vocab_test__\n";

  /** A text and its token ids. */
  record Case(String text, int[] ids) {}

  private VocabFiles() {}

  static Tokenizer tokenizer(String name) {
    try (InputStream in = new GZIPInputStream(resource(name + ".gguf.gz"))) {
      Path file = Files.createTempFile("vocab", ".gguf");
      try {
        Files.write(file, in.readAllBytes());
        try (GgufFile gguf = GgufFile.open(file)) {
          return Tokenizers.fromGguf(gguf.metadata());
        }
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static List<Case> cases(String name) throws IOException {
    List<String> texts = List.of(read(name + ".gguf.inp").split(SEPARATOR, -1));
    List<String> ids = read(name + ".gguf.out").lines().toList();
    List<Case> cases = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      int[] line =
          Arrays.stream(ids.get(i).split(" "))
              .filter(id -> !id.isEmpty())
              .mapToInt(Integer::parseInt)
              .toArray();
      cases.add(new Case(texts.get(i), line));
    }
    return cases;
  }

  private static String read(String name) throws IOException {
    try (InputStream in = resource(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static InputStream resource(String name) {
    return VocabFiles.class.getResourceAsStream("/vocab/ggml-vocab-" + name);
  }
}
