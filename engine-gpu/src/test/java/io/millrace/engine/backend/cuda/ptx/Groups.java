package io.millrace.engine.backend.cuda.ptx;

import java.util.Arrays;

/** The groups of a warp's lanes that do not run just now. */
final class Groups {
  private final int[] pcs = new int[Operands.LANES];
  private final int[] masks = new int[Operands.LANES];
  private final boolean[] waiting = new boolean[Operands.LANES];
  private int count;

  /** Whether the running group has branched, so that any group may now be behind it. */
  private boolean moved;

  private int nextPc = Integer.MAX_VALUE;

  /** Adds a group; one that {@code waits} runs only after others came to it. */
  void park(int pc, int mask, boolean waits) {
    for (int i = 0; i < count; i++) {
      if (pcs[i] == pc && waiting[i] == waits) {
        masks[i] |= mask;
        return;
      }
    }
    pcs[count] = pc;
    masks[count] = mask;
    waiting[count++] = waits;
    moved = true;
  }

  /** Lets all that wait look again whether those they wait for are still to come. */
  void retry() {
    Arrays.fill(waiting, false);
    moved = true;
  }

  void moved() {
    moved = true;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** Whether the running group, now at {@code pc}, may join a group or has overtaken one. */
  boolean meet(int pc) {
    if (count == 0) {
      return false;
    }
    if (moved) {
      moved = false;
      nextPc = Integer.MAX_VALUE;
      for (int i = 0; i < count; i++) {
        if (!waiting[i] || pcs[i] >= pc) {
          nextPc = Math.min(nextPc, pcs[i]);
        }
      }
    }
    return pc >= nextPc;
  }

  /** Takes all groups at {@code pc}. */
  int joinAt(int pc) {
    int mask = 0;
    for (int i = count - 1; i >= 0; i--) {
      if (pcs[i] == pc) {
        mask |= take(i);
      }
    }
    return mask;
  }

  /** The group furthest behind that waits for nobody, or -1. */
  int lowestReady() {
    int lowest = -1;
    for (int i = 0; i < count; i++) {
      if (!waiting[i] && (lowest < 0 || pcs[i] < pcs[lowest])) {
        lowest = i;
      }
    }
    return lowest;
  }

  int pc(int group) {
    return pcs[group];
  }

  int anyPc() {
    return pcs[0];
  }

  int anyMask() {
    return masks[0];
  }

  int take(int group) {
    int mask = masks[group];
    count--;
    pcs[group] = pcs[count];
    masks[group] = masks[count];
    waiting[group] = waiting[count];
    moved = true;
    return mask;
  }
}
