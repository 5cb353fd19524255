package io.millrace.engine.convert;

import io.millrace.engine.gguf.GgufValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A vocabulary of the SentencePiece kind that spells any text: four control tokens (llama.cpp looks
 * for the fourth in every phi3 file), all 256 bytes, then a space, the printable ASCII characters,
 * and made-up words of lower-case letters, shorter ones first.
 */
final class SyntheticVocabulary {
  private static final int UNKNOWN = 0;
  private static final int BOS = 1;
  private static final int EOS = 2;
  private static final int CONTROL_TOKENS = 4;
  private static final int BYTES = 256;

  static final int SIZE_MIN = CONTROL_TOKENS + BYTES + 1;

  /** Words have up to four letters; that makes some 475,000. */
  static final int SIZE_MAX = 400_000;

  private SyntheticVocabulary() {}

  static void put(Map<String, GgufValue> metadata, int size) {
    List<String> pieces = pieces(size);
    float[] scores = new float[size];
    int[] types = new int[size];
    for (int id = 0; id < size; id++) {
      boolean spelled = id >= CONTROL_TOKENS + BYTES;
      scores[id] = spelled ? CONTROL_TOKENS + BYTES - id : 0;
      // the numbers of llama.cpp's token types: normal, byte, unknown, control
      types[id] = spelled ? 1 : id >= CONTROL_TOKENS ? 6 : id == UNKNOWN ? 2 : 3;
    }
    metadata.put("tokenizer.ggml.model", GgufValue.ofString("llama"));
    metadata.put("tokenizer.ggml.pre", GgufValue.ofString("default"));
    metadata.put("tokenizer.ggml.tokens", GgufValue.ofStrings(pieces));
    metadata.put("tokenizer.ggml.scores", GgufValue.ofFloats(scores));
    metadata.put("tokenizer.ggml.token_type", GgufValue.ofInts(types));
    metadata.put("tokenizer.ggml.unknown_token_id", GgufValue.ofUint32(UNKNOWN));
    metadata.put("tokenizer.ggml.bos_token_id", GgufValue.ofUint32(BOS));
    metadata.put("tokenizer.ggml.eos_token_id", GgufValue.ofUint32(EOS));
    metadata.put("tokenizer.ggml.add_bos_token", GgufValue.ofBool(true));
    metadata.put("tokenizer.ggml.add_eos_token", GgufValue.ofBool(false));
  }

  /** The spellings by id; each is there once. */
  static List<String> pieces(int size) {
    List<String> pieces = new ArrayList<>(List.of("<unk>", "<s>", "</s>", "<|endoftext|>"));
    for (int b = 0; b < BYTES; b++) {
      pieces.add(String.format(Locale.ROOT, "<0x%02X>", b));
    }
    pieces.add("\u2581"); // what SentencePiece writes for a space
    for (char c = '!'; c <= '~'; c++) {
      pieces.add(String.valueOf(c));
    }
    for (int letters = 2; pieces.size() < size; letters++) {
      addWords(pieces, "", letters, size);
    }
    return pieces.subList(0, size);
  }

  private static void addWords(List<String> pieces, String start, int letters, int size) {
    if (letters == 0) {
      pieces.add(start);
      return;
    }
    for (char c = 'a'; c <= 'z' && pieces.size() < size; c++) {
      addWords(pieces, start + c, letters - 1, size);
    }
  }
}
