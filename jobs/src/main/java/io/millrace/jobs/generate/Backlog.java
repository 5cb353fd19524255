package io.millrace.jobs.generate;

/**
 * Counts what one generate subtask holds in flight, leaders and followers, in prompts and in bytes.
 * Full is a signal to push back and not a wall: the bounds are passed by the prompts that a task
 * must take to let a checkpoint through.
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

  void add(long promptBytes) {
    prompts++;
    bytes += promptBytes;
  }

  void remove(long promptBytes) {
    prompts--;
    bytes -= promptBytes;
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
}
