package io.millrace.engine.tokenizer;

import static io.millrace.engine.tokenizer.SplitRule.classes;
import static io.millrace.engine.tokenizer.SplitRule.digitGroups;
import static io.millrace.engine.tokenizer.SplitRule.literal;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The pre-tokenisers by their names in GGUF files.
 *
 * <p>Names and behaviour are those of llama.cpp's {@code llama-vocab.cpp}, which GGUF files are
 * written for. Where it only comes near what the model was trained with (it tells letters' case in
 * ASCII only, for instance), so do these. Repetitions of groups are possessive, as Java's others
 * take stack in proportion to the text.
 */
final class PreTokenizerCatalogue {
  private static final String CONTRACTION = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";
  private static final String CONTRACTIONS = CONTRACTION + "|";
  private static final String MAYBE_CONTRACTION = "(?:" + CONTRACTION + ")?|";

  /** Leads a word: one character that is no letter, number or line break. */
  private static final String LEAD = "[^\\r\\n\\p{L}\\p{N}]?";

  private static final String LETTERS = LEAD + "\\p{L}+|";
  private static final String LETTERS_AND_MARKS = LEAD + "[\\p{L}\\p{M}]+|";
  private static final String SIGNS = " ?[^\\s\\p{L}\\p{N}]+";
  private static final String LINES = "\\s*[\\r\\n]+|";
  private static final String SPACES = "\\s+(?!\\S)|\\s+";
  private static final String LINES_AND_SPACES = LINES + SPACES;

  private static final SplitRule GPT_2 =
      classes("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|" + SIGNS + "|" + SPACES);

  /** GPT-4's form, which most models since have taken over, with a word of digits of their own. */
  private static String gpt4(String number) {
    return CONTRACTIONS + LETTERS + number + "|" + SIGNS + "[\\r\\n]*|" + LINES_AND_SPACES;
  }

  /**
   * Words of letters in a run of upper, then of lower case. Letters beyond ASCII are both.
   *
   * @param more further character classes that count as letters
   */
  private static String cased(String more, String after) {
    String notLower = "[\\p{L}" + more + "&&[^a-z]]";
    String notUpper = "[\\p{L}" + more + "&&[^A-Z]]";
    return (LEAD + notLower + "*" + notUpper + "+" + after)
        + (LEAD + notLower + "+" + notUpper + "*" + after);
  }

  private static final String GPT_4O_TAIL = SIGNS + "[\\r\\n/]*|" + LINES_AND_SPACES;

  private static final SplitRule DIGIT = classes("\\p{N}");
  private static final SplitRule DIGITS = classes("\\p{N}+");
  private static final SplitRule THREE_DIGITS = classes("\\p{N}{1,3}");
  private static final SplitRule THREE_ASCII_DIGITS = literal("[0-9][0-9][0-9]");
  private static final SplitRule LINE_BREAK = literal("[\\r\\n]");
  private static final SplitRule WHOLE_LINES = literal("[^\\n]+|\\n+");
  private static final SplitRule GROUPED_DIGITS = digitGroups("\\p{N}+", false, true);

  private static final SplitRule LLAMA_3 = classes(gpt4("\\p{N}{1,3}"));
  private static final SplitRule QWEN_2 = classes(gpt4("\\p{N}"));

  private static final SplitRule CHINESE_AND_KANA = literal("[\\u4E00-\\u9FA5\\u3040-\\u30FF]+");
  private static final SplitRule DEEPSEEK_CHINESE =
      literal("[\\u0800-\\u9FA5\\uAC00-\\uD7FF&&[^\\s]]+");
  private static final String ASCII_WORD = "[!-/:-@\\[-`{-~][A-Za-z]+|";
  private static final String DEEPSEEK_3_WORDS =
      ASCII_WORD + "[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+";
  private static final SplitRule DEEPSEEK_3 =
      classes(DEEPSEEK_3_WORDS + "[\\r\\n]*|" + LINES_AND_SPACES);

  /** DeepSeek LLM's cased letters. */
  private static final String DEEPSEEK_LETTERS =
      "A-Za-z\\u00B5\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u01BA\\u01BC-\\u01BF\\u01C4-\\u0293"
          + "\\u0295-\\u02AF\\u0370-\\u0373\\u0376\\u0377\\u037B-\\u037D\\u037F\\u0386"
          + "\\u0388-\\u038A\\u038C\\u038E-\\u03A1\\u03A3-\\u03F5\\u03F7-\\u0481\\u048A-\\u052F"
          + "\\u0531-\\u0556\\u10A0-\\u10C5\\u13A0-\\u13F5\\u13F8-\\u13FD\\u1C90-\\u1CBA"
          + "\\u1CBD-\\u1CBF\\u1D00-\\u1D2B\\u1D6B-\\u1D77\\u1D79-\\u1D9A\\u1E00-\\u1F15"
          + "\\u1F18-\\u1F1D\\u1F20-\\u1F45\\u1F48-\\u1F4D\\u1F50-\\u1F57\\u1F59\\u1F5B\\u1F5D"
          + "\\u1F5F-\\u1F7D\\u1F80-\\u1FB4\\u1FB6-\\u1FBC\\u1FBE\\u1FC2-\\u1FC4\\u1FC6-\\u1FCC"
          + "\\u1FD0-\\u1FD3\\u1FD6-\\u1FDB\\u1FE0-\\u1FEC\\u1FF2-\\u1FF4\\u1FF6-\\u1FFC\\u2102"
          + "\\u2107\\u210A-\\u2113\\u2115\\u2119-\\u211D\\u2124\\u2126\\u2128\\u212A-\\u212D"
          + "\\u212F-\\u2134\\u2139\\u213C-\\u213F\\u2145-\\u2149\\u214E\\u2183\\u2184"
          + "\\u2C00-\\u2C7B\\u2C7E-\\u2CE4\\u2CEB-\\u2CEE\\u2CF2\\u2CF3\\uA640-\\uA66D"
          + "\\uA680-\\uA69B\\uA722-\\uA76F\\uA771-\\uA787\\uA78B-\\uA78E\\uAB70-\\uABBF"
          + "\\uFB00-\\uFB06\\uFB13-\\uFB17\\uFF21-\\uFF3A\\uFF41-\\uFF5A\\x{10400}-\\x{1044F}"
          + "\\x{104B0}-\\x{104D3}\\x{104D8}-\\x{104FB}\\x{10C80}-\\x{10CB2}\\x{10CC0}-\\x{10CF2}"
          + "\\x{118A0}-\\x{118DF}\\x{1E900}-\\x{1E943}";

  private static final SplitRule DEEPSEEK_PUNCTUATION =
      literal("\\s?[!-/:-~\\uFF01-\\uFF0F\\uFF1A-\\uFF5E\\u2018-\\u201F\\u3001\\u3002]+");

  /** White space at the end. The look behind saves a try from every place in it. */
  private static final SplitRule FINAL_SPACES = literal("(?<!\\s)\\s++\\z");

  private static final SplitRule AFMOE_SCRIPTS =
      literal(
          "[\\u4E00-\\u9FFF\\u3400-\\u4DBF\\u8C48-\\uFAFF\\u3040-\\u30FF\\uFF65-\\uFF9F"
              + "\\u2F00-\\u2FDF\\u0E40-\\u0EFF\\u1780-\\u17FF\\u1000-\\u109F\\uAA60-\\uAA7F"
              + "\\uA9E0-\\uA9FF\\uAC00-\\uD7AF\\u1100-\\u11FF]+");

  private static final SplitRule YOUTU_SCRIPTS =
      literal(
          "[\\uAC00-\\uD7A3\\u3131-\\u318E]+"
              + "|[\\uFF01\\u2026\\u201C\\u201D\\u2018\\u2019\\u2014\\uFF1A\\uFF1B\\uFF0C"
              + "\\u3001-\\u303F\\uFE30-\\uFE4F]+"
              + "|[\\u3105-\\u312F]+|[\\u4E00-\\u9FA5\\u3040-\\u30FF]+");

  private static final SplitRule BLOOM =
      literal(" ?[^(\\s|.,!?\\u2026\\u3002\\uFF0C\\u3001\\u0964\\u06D4\\u060C)]+");

  private static final SplitRule FALCON_SIGNS = classes("[\\p{P}$+<=>^~|`]+");

  private static final SplitRule KIMI_K2 =
      classes(
          ("[" + PatternText.HAN + "]+|")
              + (LEAD + "[\\p{L}&&[^" + PatternText.HAN + "]]+" + MAYBE_CONTRACTION)
              + ("\\p{N}{1,3}|" + SIGNS + "[\\r\\n]*|" + LINES_AND_SPACES));

  /** Words may have spaces between them. */
  private static final SplitRule EXAONE_MOE =
      classes(
          (CONTRACTIONS + LEAD + "\\p{L}(?: ?\\p{L}|\\p{M})*+|\\p{N}|")
              + (SIGNS + "[\\r\\n/]?|\\s*[\\r\\n]|" + SPACES));

  /** Runs of white space in portions of powers of two. */
  private static final SplitRule JAIS_2 =
      classes(
          (CONTRACTIONS + LETTERS + "\\p{N}{1,3}|" + SIGNS + "[\\r\\n]*|" + LINES)
              + "\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)|\\s{64}(?!\\S)|\\s{32}(?!\\S)"
              + "|\\s{16}(?!\\S)|\\s{8}(?!\\S)|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s");

  static final Map<String, PreTokenizer> BY_NAME = new TreeMap<>();

  static {
    add(List.of(GPT_2), "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling");
    add(List.of(GPT_2), "gigachat", "a.x-4.0", "mellum", "exaone4", "modern-bert");
    add(List.of(GPT_2), "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "jina-v1-en");
    add(List.of(GPT_2), "jina-v2-code", "roberta-bpe");
    add(List.of(DIGIT, GPT_2), "starcoder", "refact", "command-r", "smollm", "codeshell");
    add(List.of(DIGIT, GPT_2), "exaone", "minerva-7b", "mellum2");
    add(List.of(FALCON_SIGNS, GPT_2, THREE_ASCII_DIGITS), "falcon");
    add(
        List.of(classes("[\\p{P}$+<=>^~|]+"), GPT_2, DIGITS, THREE_ASCII_DIGITS),
        "default"); // of files written before pre-tokenisers had names
    add(List.of(LLAMA_3), true, true, "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1");
    add(List.of(LLAMA_3), true, true, "pixtral", "midm-2.0", "lfm2", "jina-v5-nano");
    add(List.of(LLAMA_3), "dbrx", "smaug-bpe", "glm4", "chatglm-bpe");
    add(List.of(JAIS_2), "jais-2");
    add(List.of(THREE_DIGITS, classes(gpt4("\\p{N}+"))), true, false, "minicpm5");
    add(List.of(QWEN_2), "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "stablelm2", "megrez");
    add(List.of(QWEN_2), "hunyuan", "solar-open", "grok-2");
    add(
        List.of(
            classes(
                (CONTRACTIONS + LETTERS_AND_MARKS + "\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|")
                    + LINES_AND_SPACES)),
        "qwen35");
    add(
        List.of(classes(LETTERS + "\\p{N}|" + SIGNS + "[\\r\\n]*|" + LINES_AND_SPACES)),
        "ufakzeka");
    add(List.of(WHOLE_LINES, QWEN_2), "laguna");
    add(
        List.of(
            classes(
                CONTRACTIONS + LETTERS + "\\p{N}|" + SIGNS + "[\\r\\n]*|\\s*[\\r\\n]|" + SPACES)),
        "bailingmoe",
        "bailingmoe2",
        "llada-moe");
    add(
        List.of(
            classes(
                (CONTRACTIONS + LETTERS + "\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|")
                    + LINES_AND_SPACES)),
        "seed-coder");
    add(List.of(EXAONE_MOE), "exaone-moe");
    add(List.of(classes(cased("", "|") + "\\p{N}|" + GPT_4O_TAIL)), true, true, "tekken");
    SplitRule gpt4o = classes(cased("", MAYBE_CONTRACTION) + "\\p{N}{1,3}|" + GPT_4O_TAIL);
    add(List.of(gpt4o), "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2");
    add(
        List.of(classes(cased("\\p{M}", MAYBE_CONTRACTION) + "\\p{N}{1,3}|" + GPT_4O_TAIL)),
        true,
        false,
        "granite-embed-multi-97m");
    String marked = LEAD + "[\\p{L}\\p{M}]+" + MAYBE_CONTRACTION;
    add(
        List.of(GROUPED_DIGITS, classes(marked + "\\p{N}{1,3}|" + GPT_4O_TAIL)),
        "tiny_aya",
        "cohere2moe");
    add(List.of(YOUTU_SCRIPTS, classes(marked + "\\p{N}|" + GPT_4O_TAIL)), true, false, "youtu");
    add(List.of(KIMI_K2), "kimi-k2");
    add(
        List.of(
            LINE_BREAK,
            literal("\\s?[" + DEEPSEEK_LETTERS + "]+"),
            DEEPSEEK_PUNCTUATION,
            FINAL_SPACES,
            DEEPSEEK_CHINESE,
            DIGITS),
        "deepseek-llm");
    add(
        List.of(
            LINE_BREAK, classes("\\s?\\p{L}+"), classes("\\s?\\p{P}+"), DEEPSEEK_CHINESE, DIGIT),
        "deepseek-coder");
    add(List.of(THREE_DIGITS, CHINESE_AND_KANA, DEEPSEEK_3), "deepseek-v3", "hunyuan-dense");
    add(List.of(THREE_DIGITS, CHINESE_AND_KANA, DEEPSEEK_3), "hy_v4", "joyai-llm");
    add(
        List.of(
            THREE_DIGITS,
            CHINESE_AND_KANA,
            classes(DEEPSEEK_3_WORDS + "|[\\r\\n]|" + SPACES),
            DIGIT),
        "spark2_5");
    add(List.of(GROUPED_DIGITS, AFMOE_SCRIPTS, DEEPSEEK_3), "afmoe");
    add(List.of(BLOOM), "bloom", "poro-chat", "gpt3-finnish");
    add(List.of(BLOOM, DIGIT), "viking");
    add(List.of(DIGITS, digitGroups("[0-9]+", true, false)), "superbpe");
    add(
        List.of(
            literal("<sentinel:[0-9]+>"),
            literal("IMGIMG[A-I]{1,4}Z"),
            literal("[\\t\\n]|    |  "),
            DIGIT,
            classes("[\\p{P}!-/:-@\\[-`{-~]"),
            GPT_2),
        false,
        true,
        "chameleon");
  }

  private PreTokenizerCatalogue() {}

  private static void add(List<SplitRule> rules, String... names) {
    add(rules, false, false, names);
  }

  private static void add(
      List<SplitRule> rules, boolean wholeWordsFirst, boolean addsBos, String... names) {
    PreTokenizer preTokenizer = new PreTokenizer(rules, wholeWordsFirst, addsBos);
    for (String name : names) {
      BY_NAME.put(name, preTokenizer);
    }
  }
}
