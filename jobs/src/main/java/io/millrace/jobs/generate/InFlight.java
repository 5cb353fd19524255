package io.millrace.jobs.generate;

import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.TokenOutput;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.Alternative;
import io.millrace.jobs.state.GeneratedToken;
import io.millrace.jobs.state.Progress;
import java.util.ArrayList;
import java.util.List;

/**
 * One answer in progress: the prompt that leads it and how far it has got. A copy in memory of what
 * keyed state holds as of the last checkpoint, and ahead of it by what {@link #takeUnrecorded}
 * returns.
 */
final class InFlight {
  private final AdmittedPrompt leader;
  private final List<GeneratedToken> tokens = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private long prefillNanos;
  private long decodeNanos;
  private long startedMs;
  private long firstTokenMs;
  private int cachedPromptTokens;
  private long draftedTokens;

  // How much of the above is in keyed state.
  private int recordedTokens;
  private int recordedText;
  private long recordedPrefillNanos;
  private long recordedDecodeNanos;
  private long recordedDraftedTokens;

  InFlight(AdmittedPrompt leader) {
    this.leader = leader;
  }

  /** An answer as a checkpoint left it. */
  static InFlight restored(AdmittedPrompt leader, Iterable<Progress> recorded) {
    InFlight answer = new InFlight(leader);
    for (Progress progress : recorded) {
      answer.tokens.addAll(progress.getTokens());
      answer.text.append(progress.getText());
      answer.prefillNanos += progress.getPrefillNanos();
      answer.decodeNanos += progress.getDecodeNanos();
      answer.startedMs = progress.getStartedMs();
      answer.firstTokenMs = progress.getFirstTokenMs();
      answer.cachedPromptTokens = progress.getCachedPromptTokens();
      answer.draftedTokens += progress.getDraftedTokens();
    }
    answer.markRecorded();
    return answer;
  }

  /** Takes in what a step did. */
  void apply(GenerationUpdate update, long nowMs) {
    if (startedMs == 0) {
      startedMs = nowMs;
      cachedPromptTokens = update.cachedPromptTokens();
    }
    // The step that brings the first token computed the end of the prompt.
    if (tokens.isEmpty()) {
      prefillNanos += update.deviceNanos();
    } else {
      decodeNanos += update.deviceNanos();
    }
    if (firstTokenMs == 0 && !update.tokens().isEmpty()) {
      firstTokenMs = nowMs;
    }
    draftedTokens += update.draftedTokens();
    update.tokens().forEach(token -> tokens.add(stored(token)));
    text.append(update.text());
  }

  /**
   * What keyed state lacks, to be added to it; null if nothing. Counts as recorded from here on.
   */
  Progress takeUnrecorded() {
    if (recordedTokens == tokens.size()
        && recordedText == text.length()
        && recordedPrefillNanos == prefillNanos
        && recordedDecodeNanos == decodeNanos) {
      return null;
    }
    Progress progress =
        Progress.newBuilder()
            .setTokens(List.copyOf(tokens.subList(recordedTokens, tokens.size())))
            .setText(text.substring(recordedText))
            .setPrefillNanos(prefillNanos - recordedPrefillNanos)
            .setDecodeNanos(decodeNanos - recordedDecodeNanos)
            .setStartedMs(startedMs)
            .setFirstTokenMs(firstTokenMs)
            .setCachedPromptTokens(cachedPromptTokens)
            .setDraftedTokens(draftedTokens - recordedDraftedTokens)
            .build();
    markRecorded();
    return progress;
  }

  private void markRecorded() {
    recordedTokens = tokens.size();
    recordedText = text.length();
    recordedPrefillNanos = prefillNanos;
    recordedDecodeNanos = decodeNanos;
    recordedDraftedTokens = draftedTokens;
  }

  AdmittedPrompt leader() {
    return leader;
  }

  List<GeneratedToken> tokens() {
    return tokens;
  }

  String text() {
    return text.toString();
  }

  long prefillNanos() {
    return prefillNanos;
  }

  long decodeNanos() {
    return decodeNanos;
  }

  int cachedPromptTokens() {
    return cachedPromptTokens;
  }

  /** Tokens that drafts proposed, accepted or not. */
  long draftedTokens() {
    return draftedTokens;
  }

  /** How many of them were accepted: they are among {@link #tokens}. */
  long acceptedTokens() {
    return tokens.stream().filter(GeneratedToken::getDrafted).count();
  }

  /** Milliseconds from admission to the first computed step. */
  long queueMs() {
    return Math.max(0, startedMs - leader.getAdmittedMs());
  }

  /** Milliseconds from admission to the first token; null while there is none. */
  Long firstTokenAfterMs() {
    return firstTokenMs == 0 ? null : Math.max(0, firstTokenMs - leader.getAdmittedMs());
  }

  private static GeneratedToken stored(TokenOutput token) {
    return GeneratedToken.newBuilder()
        .setId(token.id())
        .setLogprob(token.logprob())
        .setDrafted(token.drafted())
        .setAlternatives(
            token.alternatives().stream().map(a -> new Alternative(a.id(), a.logprob())).toList())
        .build();
  }
}
