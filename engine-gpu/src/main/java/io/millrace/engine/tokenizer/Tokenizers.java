package io.millrace.engine.tokenizer;

import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Makes the tokenizer that a model file describes. */
public final class Tokenizers {
  private static final String PREFIX = "tokenizer.ggml.";

  private static final String GEMMA_4 = "gemma4";

  /** Names of pre-tokenisers that leave words to characters. */
  private static final Set<String> CHARACTER_BPE = Set.of(GEMMA_4, "sarvam-moe");

  private static final Set<String> PHI_3_KEEPS_SPACE = Set.of("<unk>", "<s>", "<|endoftext|>");

  /** What files write where they mean no token. */
  private static final long NO_TOKEN = 0xFFFFFFFFL;

  private Tokenizers() {}

  /**
   * The tokenizer of a GGUF file: {@code tokenizer.ggml.model} "gpt2", "llama" or "gemma4".
   *
   * @throws GgufFormatException if the metadata describe none, a broken one, or one of a kind that
   *     is not known here
   */
  public static Tokenizer fromGguf(GgufMetadata metadata) throws GgufFormatException {
    String model = metadata.requireString(PREFIX + "model");
    try {
      return switch (model) {
        case "gpt2" -> bpe(metadata);
        case "llama" -> sentencePiece(metadata);
        case "gemma4" -> characterBpe(metadata, GEMMA_4);
        default ->
            throw new IllegalArgumentException(
                PREFIX
                    + "model "
                    + GgufFormatException.quote(model)
                    + " is not known; known are gpt2, llama and gemma4");
      };
    } catch (IllegalArgumentException e) {
      throw new GgufFormatException(metadata.source() + ": tokenizer: " + e.getMessage());
    }
  }

  private static Tokenizer bpe(GgufMetadata metadata) throws GgufFormatException {
    // Files written before pre-tokenisers had names say nothing.
    String pre = metadata.string(PREFIX + "pre").orElse("default");
    if (CHARACTER_BPE.contains(pre)) {
      return characterBpe(metadata, pre);
    }
    if (PreTokenizer.byName(pre).isEmpty()) {
      throw new IllegalArgumentException(
          PREFIX
              + "pre "
              + GgufFormatException.quote(pre)
              + " is not known; known are "
              + PreTokenizer.names());
    }
    List<String> merges = require(metadata, "merges");
    boolean addsBos = BpeTokenizer.addsBosByDefault(pre);
    return new BpeTokenizer(vocabulary(metadata, addsBos, -1, -1, -1), merges, pre);
  }

  private static Tokenizer characterBpe(GgufMetadata metadata, String pre)
      throws GgufFormatException {
    List<String> merges = require(metadata, "merges");
    boolean gemma4 = pre.equals(GEMMA_4);
    Vocabulary vocabulary = vocabulary(metadata, gemma4, -1, -1, -1);
    return new CharacterBpeTokenizer(vocabulary, merges, gemma4);
  }

  private static Tokenizer sentencePiece(GgufMetadata metadata) throws GgufFormatException {
    float[] scores =
        metadata
            .floats(PREFIX + "scores")
            .orElseThrow(() -> new IllegalArgumentException("no " + PREFIX + "scores"));
    // Llama's ids are the defaults where a file is silent.
    Vocabulary vocabulary = vocabulary(metadata, true, 1, 2, 0);
    boolean addsSpacePrefix = metadata.bool(PREFIX + "add_space_prefix").orElse(true);
    return new SentencePieceTokenizer(vocabulary, scores, addsSpacePrefix);
  }

  private static Vocabulary vocabulary(
      GgufMetadata metadata, boolean addsBos, int bos, int eos, int unknown)
      throws GgufFormatException {
    List<String> pieces = require(metadata, "tokens");
    int size = pieces.size();
    if (size == 0) {
      throw new IllegalArgumentException("no tokens");
    }
    int[] numbers = metadata.ints(PREFIX + "token_type").orElse(null);
    List<TokenType> types = new ArrayList<>(Collections.nCopies(size, TokenType.NORMAL));
    if (numbers != null) {
      if (numbers.length != size) {
        throw new IllegalArgumentException(numbers.length + " token types for " + size + " tokens");
      }
      for (int id = 0; id < size; id++) {
        types.set(id, TokenType.of(numbers[id]));
      }
    }
    Set<Integer> ends = new HashSet<>();
    for (String role : List.of("eot", "eom", "fim_pad", "fim_rep", "fim_sep")) {
      int id = token(metadata, role, -1, size);
      if (id >= 0) {
        ends.add(id);
      }
    }
    int[] more = metadata.ints(PREFIX + "eog_token_ids").orElse(new int[0]);
    Arrays.stream(more).forEach(ends::add);
    int bosToken = token(metadata, "bos", bos, size);
    return new Vocabulary(
        pieces,
        types,
        bosToken,
        token(metadata, "eos", eos, size),
        token(metadata, "unknown", unknown, size),
        ends,
        bosToken >= 0 && metadata.bool(PREFIX + "add_bos_token").orElse(addsBos),
        Set.of(),
        stripsAfter(metadata, pieces, types));
  }

  /**
   * GGUF files do not say which tokens swallow white space. Those of Phi 3 do, but for three, and
   * the model is told by its name (as llama.cpp does it).
   */
  private static Set<Integer> stripsAfter(
      GgufMetadata metadata, List<String> pieces, List<TokenType> types)
      throws GgufFormatException {
    String name = metadata.string("general.name").orElse("").toLowerCase(Locale.ROOT);
    if (!name.contains("phi-3") && !name.contains("phi3")) {
      return Set.of();
    }
    Set<Integer> ids = new HashSet<>();
    for (int id = 0; id < pieces.size(); id++) {
      boolean special =
          switch (types.get(id)) {
            case CONTROL, UNKNOWN, USER_DEFINED -> true;
            case NORMAL, UNUSED, BYTE -> false;
          };
      if (special && !PHI_3_KEEPS_SPACE.contains(pieces.get(id))) {
        ids.add(id);
      }
    }
    return ids;
  }

  private static List<String> require(GgufMetadata metadata, String name)
      throws GgufFormatException {
    return metadata
        .strings(PREFIX + name)
        .orElseThrow(() -> new IllegalArgumentException("no " + PREFIX + name));
  }

  private static int token(GgufMetadata metadata, String role, int absent, int size)
      throws GgufFormatException {
    String key = PREFIX + role + "_token_id";
    long id = metadata.integer(key).orElse(absent < size ? absent : -1);
    if (id == NO_TOKEN) {
      return -1;
    }
    if (id < -1 || id >= size) {
      throw new IllegalArgumentException(key + " is " + id + ", but there are " + size + " tokens");
    }
    return (int) id;
  }
}
