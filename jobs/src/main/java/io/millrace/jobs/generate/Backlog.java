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

  Backlog(int promptsMax, long bytesMax) {
    this.promptsMax = promptsMax;
    this.bytesMax = bytesMax;
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
   * Past what is ever allowed, twice the bounds: not even a checkpoint is a reason to take more.
   */
  boolean overfull() {
    return prompts >= 2 * promptsMax || bytes >= 2 * bytesMax;
  }

  int prompts() {
    return prompts;
  }
}
