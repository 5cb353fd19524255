package io.millrace.engine;

import io.millrace.engine.tokenizer.Tokenizer;
import java.util.Arrays;

/** Whether two models mean the same by every token id, so that one can draft for the other. */
final class SameVocabulary {
  private SameVocabulary() {}

  /**
   * @throws IllegalArgumentException naming the first difference
   */
  static void require(Tokenizer target, Tokenizer draft) {
    if (target.vocabSize() != draft.vocabSize()) {
      throw different(
          "it has " + draft.vocabSize() + " tokens, the target has " + target.vocabSize());
    }
    for (int token = 0; token < target.vocabSize(); token++) {
      if (!target.piece(token).equals(draft.piece(token))
          || !Arrays.equals(target.bytes(token), draft.bytes(token))
          || target.isEndOfGeneration(token) != draft.isEndOfGeneration(token)) {
        throw different("token " + token + " is another one");
      }
    }
  }

  private static IllegalArgumentException different(String how) {
    return new IllegalArgumentException("the draft model's vocabulary is not the target's: " + how);
  }
}
