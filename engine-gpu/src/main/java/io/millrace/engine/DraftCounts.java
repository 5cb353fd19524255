package io.millrace.engine;

import java.util.List;

/**
 * What became of an engine's drafts since it was opened.
 *
 * @param steps steps in which at least one sequence had a draft
 * @param chunks drafts: one for each sequence in each of these steps
 * @param draftedByPosition tokens proposed, by their position in the draft, from its first on
 * @param acceptedByPosition how many of them were accepted and reported
 */
public record DraftCounts(
    long steps, long chunks, List<Long> draftedByPosition, List<Long> acceptedByPosition) {

  /** Nothing was drafted. */
  public static final DraftCounts NONE = new DraftCounts(0, 0, List.of(), List.of());

  public DraftCounts {
    draftedByPosition = List.copyOf(draftedByPosition);
    acceptedByPosition = List.copyOf(acceptedByPosition);
  }

  /** Tokens proposed. */
  public long drafted() {
    return draftedByPosition.stream().mapToLong(Long::longValue).sum();
  }

  /** How many of them were accepted. */
  public long accepted() {
    return acceptedByPosition.stream().mapToLong(Long::longValue).sum();
  }
}
