package io.millrace.jobs.admit;

import io.millrace.engine.ChatRequest;
import io.millrace.engine.tokenizer.Conversation;

/** What admission must know of a model: how long a prompt is, and what is allowed. */
public interface ModelProfile {

  /** The configured name. */
  String name();

  /** Identifies weights, vocabulary and chat template: another answer may follow from another. */
  String digest();

  /**
   * The token ids of a conversation, rendered by the model's chat template and ready for an answer.
   *
   * @throws RejectedPromptException if the template refuses the conversation, or does not show all
   *     of it to the model
   */
  int[] encode(Conversation conversation) throws RejectedPromptException;

  /** Whether others serve it: it is then asked in text, and has no tokens to count. */
  default boolean remote() {
    return false;
  }

  /**
   * Whether a remote model can be asked this.
   *
   * @throws RejectedPromptException naming what its protocol has no way to ask for
   */
  default void requireAskable(ChatRequest chat) throws RejectedPromptException {
    throw new IllegalStateException("model " + name() + " runs here");
  }

  /** Prompt and answer together, tokens. */
  int contextTokensMax();

  /** Tokens of an answer whose prompt names no limit. */
  int outputTokensMax();

  /** Temperature of prompts that name none. */
  float temperature();
}
