package io.millrace.jobs.cli.events;

import java.math.BigDecimal;

/** Adds up what committed answers and dead letters say. Not safe for use by several threads. */
public final class Tally {
  private long answers;
  private long errors;
  private long hits;
  private long coalesced;
  private long promptTokens;
  private long generatedTokens;
  private BigDecimal costUsd = BigDecimal.ZERO;
  private BigDecimal savedUsd = BigDecimal.ZERO;
  private long unpriced;
  private long unpricedSavings;

  /** Counts an answer, or an error that came as one. */
  public void add(AnswerEvent answer) {
    if (answer.error() == null) {
      answers++;
    } else {
      errors++;
    }
    if (answer.costUsd() == null) {
      unpriced++;
    } else {
      costUsd = costUsd.add(answer.costUsd());
    }
    if (answer.savedUsd() == null) {
      unpricedSavings++;
    } else {
      savedUsd = savedUsd.add(answer.savedUsd());
    }
    switch (answer.cached()) {
      case "hit" -> hits++;
      case "coalesced" -> coalesced++;
      default -> {
        promptTokens += answer.promptTokens();
        generatedTokens += answer.completionTokens();
      }
    }
  }

  /** Counts lines or prompts that have no answer. */
  public void addErrors(long count) {
    errors += count;
  }

  public long answers() {
    return answers;
  }

  public long errors() {
    return errors;
  }

  /** Answers and errors. */
  public long settled() {
    return answers + errors;
  }

  /** Answers from the cache. */
  public long hits() {
    return hits;
  }

  /** Answers shared with an equal prompt in flight. */
  public long coalesced() {
    return coalesced;
  }

  /** Prompt tokens of the answers that were generated. */
  public long promptTokens() {
    return promptTokens;
  }

  /** Tokens generated; those of reused answers count once, where they were generated. */
  public long generatedTokens() {
    return generatedTokens;
  }

  /** Of those that have a price. */
  public BigDecimal costUsd() {
    return costUsd;
  }

  public BigDecimal savedUsd() {
    return savedUsd;
  }

  /** Answers and errors whose cost has no known price: {@link #costUsd} is without them. */
  public long unpriced() {
    return unpriced;
  }

  /** The same of {@link #savedUsd}. */
  public long unpricedSavings() {
    return unpricedSavings;
  }
}
