package io.millrace.jobs.generate;

import io.millrace.jobs.state.AdmittedPrompt;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.util.FlinkException;

/**
 * Counts what one generate subtask holds in flight, leaders and followers, in prompts and in bytes.
 * A prompt counts as often as it asks for a choice. Full is a signal to push back and not a wall:
 * the bounds are passed by the prompts that a task must take to let a checkpoint through.
 */
final class Backlog {
  private final int promptsMax;
  private final long bytesMax;
  private int prompts;
  private long bytes;
  private int overfullPrompts;
  private long overfullBytes;

  Backlog(int promptsMax, long bytesMax) {
    this.promptsMax = promptsMax;
    this.bytesMax = bytesMax;
    allowForRestored();
  }

  /**
   * Says that what is held now came from a checkpoint, of more subtasks perhaps: it may be past the
   * bounds already, and checkpoints need room on top of it.
   */
  void allowForRestored() {
    overfullPrompts = Math.max(promptsMax, prompts) + promptsMax;
    overfullBytes = Math.max(bytesMax, bytes) + bytesMax;
  }

  void add(AdmittedPrompt prompt) {
    prompts += prompt.getSampling().getN();
    bytes += size(prompt);
  }

  void remove(AdmittedPrompt prompt) {
    prompts -= prompt.getSampling().getN();
    bytes -= size(prompt);
  }

  /**
   * Holds the task's input back while the backlog is full, by running mails. A waiting checkpoint
   * can only be served once this returns, so it returns for one, past the bound by a record, until
   * that is twice exceeded.
   */
  void awaitRoom(MailboxExecutor mailbox) throws FlinkException, InterruptedException {
    while (full()) {
      if (mailbox.tryYield()) {
        continue;
      }
      // Any mail interrupts; if none of ours is there to be run, it is the system's.
      if (mailbox.shouldInterrupt() && !overfull()) {
        if (mailbox.tryYield()) {
          continue;
        }
        return;
      }
      mailbox.yield();
    }
  }

  boolean full() {
    return prompts >= promptsMax || bytes >= bytesMax;
  }

  /**
   * Past what is ever allowed, twice the bounds or what was restored and once the bounds: not even
   * a checkpoint is a reason to take more.
   */
  boolean overfull() {
    return prompts >= overfullPrompts || bytes >= overfullBytes;
  }

  int prompts() {
    return prompts;
  }

  private static long size(AdmittedPrompt prompt) {
    long key = prompt.getKey() == null ? 0 : prompt.getKey().remaining();
    return key + prompt.getValue().remaining() + prompt.getPromptTokens().remaining();
  }
}
