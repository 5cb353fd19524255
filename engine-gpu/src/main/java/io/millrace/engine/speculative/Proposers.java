package io.millrace.engine.speculative;

import io.millrace.engine.Speculation;

/** Makes what a configuration of speculation names. */
public final class Proposers {
  private static final int NGRAM_MAX = 4;

  /** A single token that occurred before says too little. */
  private static final int NGRAM_MIN = 2;

  private Proposers() {}

  /**
   * The proposer of an engine that has no draft model.
   *
   * @throws IllegalArgumentException if one is configured
   */
  public static DraftProposer withoutModel(Speculation speculation) {
    if (speculation.method().needsModel()) {
      throw new IllegalArgumentException(
          "speculation by a draft model is configured, and there is no draft model");
    }
    return with(speculation, DraftProposer.NONE);
  }

  /** The proposer of an engine that has one by a draft model. */
  public static DraftProposer with(Speculation speculation, DraftProposer byModel) {
    return switch (speculation.method()) {
      case OFF -> DraftProposer.NONE;
      case NGRAM -> new NgramProposer(NGRAM_MAX, NGRAM_MIN);
      case DRAFT_MODEL -> byModel;
      case NGRAM_THEN_DRAFT_MODEL ->
          new ChainedProposer(new NgramProposer(NGRAM_MAX, NGRAM_MIN), byModel);
    };
  }

  /** How long drafts by a proposer are to be. */
  public static DraftLength draftLength(Speculation speculation, DraftProposer proposer) {
    return speculation.adaptive()
        ? new AdaptiveDraftLength(speculation.draftTokensMax(), proposer)
        : DraftLength.fixed(speculation.draftTokensMax());
  }
}
