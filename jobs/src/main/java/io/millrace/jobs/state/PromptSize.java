package io.millrace.jobs.state;

/** How much memory a prompt holds that waits, for the bounds of those who let prompts wait. */
public final class PromptSize {
  private PromptSize() {}

  /** About so many bytes: its key, its text as it came, its tokens and what a server is asked. */
  public static long bytes(AdmittedPrompt prompt) {
    long key = prompt.getKey() == null ? 0 : prompt.getKey().remaining();
    long chat = prompt.getChat() == null ? 0 : prompt.getChat().length();
    return key + prompt.getValue().remaining() + prompt.getPromptTokens().remaining() + chat;
  }
}
