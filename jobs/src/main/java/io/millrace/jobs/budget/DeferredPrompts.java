package io.millrace.jobs.budget;

import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.PromptSize;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.flink.api.common.state.ListState;

/**
 * The prompts of one tenant that wait, first come, first served. They stand in keyed state; memory
 * has the first few, so that taking one does not read and write all of them. Every method works on
 * the current key, which must be this tenant.
 */
final class DeferredPrompts {
  private static final int WINDOW_PROMPTS = 64;
  private static final long WINDOW_BYTES = 1 << 20;

  private final ListState<AdmittedPrompt> list;

  /** The list from {@link #taken} on, as far as memory has it. */
  private final Deque<AdmittedPrompt> window = new ArrayDeque<>();

  private int taken;
  private int count;
  private long bytes;

  /**
   * @param list keyed state
   * @param taken how many at its beginning wait no more
   * @param count how many follow them
   * @param bytes of those that follow
   */
  DeferredPrompts(ListState<AdmittedPrompt> list, int taken, int count, long bytes) {
    this.list = list;
    this.taken = taken;
    this.count = count;
    this.bytes = bytes;
  }

  void add(AdmittedPrompt prompt) throws Exception {
    list.add(prompt);
    count++;
    bytes += PromptSize.bytes(prompt);
  }

  /** The one that has waited longest, or null. */
  AdmittedPrompt first() throws Exception {
    if (count > 0 && window.isEmpty()) {
      List<AdmittedPrompt> waiting = waiting();
      rewrite(waiting);
      long windowBytes = 0;
      for (AdmittedPrompt prompt : waiting) {
        if (window.size() == WINDOW_PROMPTS || windowBytes > WINDOW_BYTES) {
          break;
        }
        window.add(prompt);
        windowBytes += PromptSize.bytes(prompt);
      }
    }
    return window.peek();
  }

  /** Takes out {@link #first}. */
  void remove() {
    AdmittedPrompt first = window.remove();
    taken++;
    count--;
    bytes -= PromptSize.bytes(first);
    if (count == 0) {
      list.clear();
      taken = 0;
    }
  }

  /** Takes out those that nobody waits for any more. */
  List<AdmittedPrompt> takeExpired(long nowMs) throws Exception {
    List<AdmittedPrompt> expired = new ArrayList<>();
    List<AdmittedPrompt> waiting = new ArrayList<>();
    for (AdmittedPrompt prompt : waiting()) {
      (expired(prompt, nowMs) ? expired : waiting).add(prompt);
    }
    if (!expired.isEmpty()) {
      expired.forEach(prompt -> bytes -= PromptSize.bytes(prompt));
      count -= expired.size();
      window.clear();
      rewrite(waiting);
    }
    return expired;
  }

  static boolean expired(AdmittedPrompt prompt, long nowMs) {
    return prompt.getDeadlineMs() != null && prompt.getDeadlineMs() <= nowMs;
  }

  boolean isEmpty() {
    return count == 0;
  }

  int count() {
    return count;
  }

  long bytes() {
    return bytes;
  }

  int taken() {
    return taken;
  }

  private List<AdmittedPrompt> waiting() throws Exception {
    List<AdmittedPrompt> all = new ArrayList<>();
    Iterable<AdmittedPrompt> kept = list.get();
    if (kept != null) {
      kept.forEach(all::add);
    }
    return all.subList(Math.min(taken, all.size()), all.size());
  }

  private void rewrite(List<AdmittedPrompt> waiting) throws Exception {
    list.update(waiting);
    taken = 0;
  }
}
