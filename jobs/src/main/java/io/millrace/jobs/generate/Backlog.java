package io.millrace.jobs.generate;

import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.PromptSize;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.util.FlinkException;

/**
 * Counts what one generate subtask holds, leaders and followers, being generated or waiting, in
 * prompts and in bytes. A prompt counts as often as it asks for a choice.
 *
 * <p><b>Full, and a checkpoint comes.</b> Flink has no way for an operator to say that it takes no
 * more, so the task's thread waits in the operator, and Flink then runs none of the mails that
 * serve a checkpoint: those of an operator that yields must be its own or those of operators after
 * it. But here nothing is half done: the operator heads its chain, waits only when the last prompt
 * is in keyed state and everything about it is emitted, and so any mail may run, a checkpoint's
 * too. That keeps the bound, passed by at most the one prompt that filled it (and by what a
 * checkpoint of more subtasks brings), and serves checkpoints at once however long the answers are.
 */
final class Backlog {
  private final int promptsMax;
  private final long bytesMax;
  private int prompts;
  private long bytes;

  Backlog(int promptsMax, long bytesMax) {
    this.promptsMax = promptsMax;
    this.bytesMax = bytesMax;
  }

  void add(AdmittedPrompt prompt) {
    prompts += prompt.getSampling().getN();
    bytes += PromptSize.bytes(prompt);
  }

  void remove(AdmittedPrompt prompt) {
    prompts -= prompt.getSampling().getN();
    bytes -= PromptSize.bytes(prompt);
  }

  /**
   * Holds the task's input back while the backlog is full, by running mails.
   *
   * @param mailbox gives every mail of the task, the system's too
   */
  void awaitRoom(MailboxExecutor mailbox) throws FlinkException, InterruptedException {
    while (full()) {
      mailbox.yield();
    }
  }

  boolean full() {
    return prompts >= promptsMax || bytes >= bytesMax;
  }

  int prompts() {
    return prompts;
  }
}
