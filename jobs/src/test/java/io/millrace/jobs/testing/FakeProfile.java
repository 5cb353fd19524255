package io.millrace.jobs.testing;

import io.millrace.engine.tokenizer.Conversation;
import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.admit.RejectedPromptException;
import java.util.List;
import java.util.Map;

/**
 * A model for {@link FakeEngine}: a token is a character, and a conversation is its last message. A
 * conversation that says {@code TEMPLATE} is refused, {@code CRASH} breaks the template.
 */
public record FakeProfile(
    String name, String digest, int contextTokensMax, int outputTokensMax, float temperature)
    implements ModelProfile {

  public FakeProfile(String name) {
    this(name, "digest of " + name, 1000, 100, 0);
  }

  @Override
  public int[] encode(Conversation conversation) throws RejectedPromptException {
    List<Map<String, Object>> messages = conversation.messages();
    String content = (String) messages.get(messages.size() - 1).get("content");
    if (content.contains("TEMPLATE")) {
      throw RejectedPromptException.terminal("invalid_messages", "the template refuses this");
    }
    if (content.contains("CRASH")) {
      throw new IllegalStateException("a fault that quotes the prompt: " + content);
    }
    return FakeEngine.tokens(content);
  }
}
