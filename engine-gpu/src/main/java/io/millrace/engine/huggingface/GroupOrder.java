package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgufFormatException;

/** Sorts a matrix's inputs so that those of a group stand together, as blocks need it. */
final class GroupOrder {
  private GroupOrder() {}

  /**
   * @param groups of each input, from 0 on
   * @return the inputs sorted by group, those of a group in their order; null if they are sorted
   * @throws GgufFormatException if a group is not a whole number of blocks
   */
  static int[] of(int[] groups, int block, Checkpoint.Stored stored) throws GgufFormatException {
    int count = 0;
    boolean sorted = true;
    for (int i = 0; i < groups.length; i++) {
      count = Math.max(count, groups[i] + 1);
      sorted &= i == 0 || groups[i] >= groups[i - 1];
    }
    int[] starts = new int[count + 1];
    for (int group : groups) {
      starts[group + 1]++;
    }
    for (int g = 0; g < count; g++) {
      if (starts[g + 1] % block != 0) {
        throw stored.error(
            "has a group of %d inputs by its g_idx; multiples of %d are supported"
                .formatted(starts[g + 1], block));
      }
      starts[g + 1] += starts[g];
    }
    if (sorted) {
      return null;
    }
    int[] order = new int[groups.length];
    for (int i = 0; i < groups.length; i++) {
      order[starts[groups[i]]++] = i;
    }
    return order;
  }
}
