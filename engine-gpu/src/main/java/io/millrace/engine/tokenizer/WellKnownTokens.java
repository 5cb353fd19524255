package io.millrace.engine.tokenizer;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What model files leave unsaid about their tokens, told by the spelling, as llama.cpp does it.
 *
 * <p>One rule is ours: tokens whose spelling people also write in plain text, {@code </s>} above
 * all, have a role only if the file does not call them normal. In Qwen 2, {@code </s>} is a piece
 * of HTML.
 */
final class WellKnownTokens {
  /** Names that model families give to the end of a turn or of a text. */
  private static final Set<String> ENDS =
      Set.of(
          "<|eot_id|>",
          "<|eom_id|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<|flush|>",
          "<|calls|>",
          "<|endoftext|>",
          "<|end_of_text|>",
          "<end_of_turn>",
          "<end_of_utterance>",
          "<turn|>",
          "<|tool_response>",
          "<EOT>",
          "_<EOT>",
          "< EOT >",
          "[EOT]",
          "[e~[",
          "<｜end▁of▁sentence｜>");

  /** Ends of a text and of a part of a program, if the file calls them special. */
  private static final Set<String> SPECIAL_ENDS =
      Set.of(
          "</s>",
          "<eos>",
          "[EOS]",
          "<|fim_pad|>",
          "<fim-pad>",
          "<fim_pad>",
          "<PAD>",
          "[PAD]",
          "<|fim_repo|>",
          "<|repo_name|>",
          "<fim-repo>",
          "<REPO>",
          "<reponame>",
          "<|file_sep|>");

  /** What surrounds a gap in a program that is to be filled in, if the file calls it special. */
  private static final Set<String> FILL_IN =
      Set.of(
          "<|fim_prefix|>",
          "<fim-prefix>",
          "<fim_prefix>",
          "<｜fim▁begin｜>",
          "<PRE>",
          "▁<PRE>",
          "<|code_prefix|>",
          "<|prefix|>",
          "<|fim_suffix|>",
          "<fim-suffix>",
          "<fim_suffix>",
          "<｜fim▁hole｜>",
          "<SUF>",
          "▁<SUF>",
          "<|code_suffix|>",
          "<|suffix|>",
          "<|fim_middle|>",
          "<fim-middle>",
          "<fim_middle>",
          "<｜fim▁end｜>",
          "<MID>",
          "▁<MID>",
          "<|code_middle|>",
          "<|middle|>");

  private WellKnownTokens() {}

  /** The types, where well-known special tokens are control tokens whatever the file says. */
  static List<TokenType> types(List<String> pieces, List<TokenType> types) {
    TokenType[] corrected = types.toArray(TokenType[]::new);
    for (int id = 0; id < corrected.length; id++) {
      TokenType type = corrected[id];
      String piece = pieces.get(id);
      boolean control =
          switch (type) {
            case NORMAL -> ENDS.contains(piece);
            case USER_DEFINED ->
                ENDS.contains(piece) || SPECIAL_ENDS.contains(piece) || FILL_IN.contains(piece);
            case CONTROL, UNKNOWN, UNUSED, BYTE -> false;
          };
      if (control) {
        corrected[id] = TokenType.CONTROL;
      }
    }
    return List.of(corrected);
  }

  /**
   * The tokens that end an answer.
   *
   * @param types as {@link #types} corrected them
   */
  static Set<Integer> ends(List<String> pieces, List<TokenType> types) {
    Set<Integer> ends = new HashSet<>();
    Set<String> names = new HashSet<>();
    for (int id = 0; id < pieces.size(); id++) {
      String piece = pieces.get(id);
      boolean special = types.get(id) == TokenType.CONTROL && SPECIAL_ENDS.contains(piece);
      if (special || ENDS.contains(piece)) {
        ends.add(id);
        names.add(piece);
      }
    }
    // In these two forms of conversation a turn has parts, which end with <|end|>.
    boolean harmony = names.contains("<|return|>") && names.contains("<|call|>");
    boolean solar = names.contains("<|flush|>") && names.contains("<|calls|>");
    ends.removeIf(id -> (harmony || solar) && pieces.get(id).equals("<|end|>"));
    // Gemma 4 has </s> for HTML.
    ends.removeIf(id -> names.contains("<|tool_response>") && pieces.get(id).equals("</s>"));
    return ends;
  }
}
