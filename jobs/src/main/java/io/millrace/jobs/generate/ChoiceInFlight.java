package io.millrace.jobs.generate;

import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.TokenOutput;
import io.millrace.jobs.state.Alternative;
import io.millrace.jobs.state.CountedTokens;
import io.millrace.jobs.state.GeneratedToken;
import io.millrace.jobs.state.Progress;
import io.millrace.jobs.state.RemoteCalls;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * One choice of an answer in progress: a copy in memory of what keyed state holds as of the last
 * checkpoint, and ahead of it by what {@link #takeUnrecorded} returns.
 */
final class ChoiceInFlight {
  private final InFlight answer;
  private final int index;
  private final List<GeneratedToken> tokens = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private long prefillNanos;
  private long decodeNanos;
  private long startedMs;
  private long firstTokenMs;
  private int cachedPromptTokens;
  private long draftedTokens;
  private long savedNanos;
  private FinishReason finishReason;

  /** Of a remote model; null before its first call. */
  private RemoteCalls remote;

  /** Whether a call was begun of which nobody will say what it cost. */
  private boolean callLost;

  /** Until the first token comes; not kept in state. */
  private int computedPromptTokens;

  /** When a step last brought tokens, 0 before and after a restore; not kept in state. */
  private long tokensMs;

  // How much of the above is in keyed state.
  private int recordedTokens;
  private int recordedText;
  private long recordedPrefillNanos;
  private long recordedDecodeNanos;
  private long recordedDraftedTokens;
  private long recordedSavedNanos;
  private FinishReason recordedFinishReason;
  private RemoteCalls recordedRemote;

  ChoiceInFlight(InFlight answer, int index) {
    this.answer = answer;
    this.index = index;
  }

  /** Adds what a checkpoint kept, in the order in which it was recorded. */
  void restore(Progress progress) {
    tokens.addAll(progress.getTokens());
    text.append(progress.getText());
    prefillNanos += progress.getPrefillNanos();
    decodeNanos += progress.getDecodeNanos();
    startedMs = progress.getStartedMs();
    firstTokenMs = progress.getFirstTokenMs();
    cachedPromptTokens = progress.getCachedPromptTokens();
    draftedTokens += progress.getDraftedTokens();
    savedNanos += progress.getSavedNanos();
    remote = progress.getRemote() == null ? remote : progress.getRemote();
    if (progress.getFinishReason() != null) {
      finishReason = FinishReason.valueOf(progress.getFinishReason().toUpperCase(Locale.ROOT));
    }
    // It was begun, and the task that waited for it is no more.
    callLost = remote != null && finishReason == null;
    markRecorded();
  }

  /** Takes in what a step did. */
  void apply(GenerationUpdate update, long nowMs) {
    if (startedMs == 0 && update.computedTokens() > 0) {
      startedMs = nowMs;
      cachedPromptTokens = update.cachedPromptTokens();
    }
    // The step that brings the first token computed the end of the prompt.
    if (tokens.isEmpty()) {
      prefillNanos += update.deviceNanos();
      computedPromptTokens += update.computedTokens();
    } else {
      decodeNanos += update.deviceNanos();
    }
    if (!update.tokens().isEmpty()) {
      firstTokenMs = firstTokenMs == 0 ? nowMs : firstTokenMs;
      tokensMs = nowMs;
    }
    draftedTokens += update.draftedTokens();
    savedNanos += update.savedNanos();
    update.tokens().forEach(token -> tokens.add(stored(token)));
    if (update.remote() != null) {
      remote = RemoteChoices.stored(update.remote(), !callLost);
      startedMs = update.remote().startedMs();
      firstTokenMs = update.remote().firstTokenMs();
    }
    text.append(update.text());
    finishReason = update.finishReason();
  }

  /** Since a step last brought tokens, milliseconds; -1 if none is known. */
  long sinceTokensMs(long nowMs) {
    return tokensMs == 0 ? -1 : Math.max(0, nowMs - tokensMs);
  }

  /** It ended without an answer, and is asked for again. */
  void asksAgain(GenerationUpdate ended) {
    callLost |= ended.remote() != null && !ended.remote().costKnown();
  }

  /**
   * What keyed state lacks, to be added to it; null if nothing. Counts as recorded from here on.
   */
  Progress takeUnrecorded() {
    if (recordedTokens == tokens.size()
        && recordedText == text.length()
        && recordedPrefillNanos == prefillNanos
        && recordedDecodeNanos == decodeNanos
        && recordedSavedNanos == savedNanos
        && recordedFinishReason == finishReason
        && Objects.equals(recordedRemote, remote)) {
      return null;
    }
    Progress progress =
        Progress.newBuilder()
            .setChoice(index)
            .setFinishReason(finishReason == null ? null : finishReasonName())
            .setTokens(List.copyOf(tokens.subList(recordedTokens, tokens.size())))
            .setText(text.substring(recordedText))
            .setPrefillNanos(prefillNanos - recordedPrefillNanos)
            .setDecodeNanos(decodeNanos - recordedDecodeNanos)
            .setStartedMs(startedMs)
            .setFirstTokenMs(firstTokenMs)
            .setCachedPromptTokens(cachedPromptTokens)
            .setDraftedTokens(draftedTokens - recordedDraftedTokens)
            .setRemote(remote)
            .setSavedNanos(savedNanos - recordedSavedNanos)
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
    recordedSavedNanos = savedNanos;
    recordedFinishReason = finishReason;
    recordedRemote = remote;
  }

  InFlight answer() {
    return answer;
  }

  /** From 0. */
  int index() {
    return index;
  }

  /** The engine's name for it. */
  String engineId() {
    return answer.leader().getRequestId() + "/" + index;
  }

  List<GeneratedToken> tokens() {
    return tokens;
  }

  String text() {
    return text.toString();
  }

  /** Why it ended, or null while it goes on. */
  FinishReason finishReason() {
    return finishReason;
  }

  /** As in responses. */
  String finishReasonName() {
    return finishReason.name().toLowerCase(Locale.ROOT);
  }

  long prefillNanos() {
    return prefillNanos;
  }

  long decodeNanos() {
    return decodeNanos;
  }

  long cachedPromptTokens() {
    return usage() == null ? cachedPromptTokens : usage().getCached();
  }

  /** Of a remote model, its calls and what came of them; null before the first, and of others. */
  RemoteCalls remote() {
    return remote;
  }

  /** Number of the next call to a remote model. */
  int nextAttempt() {
    return remote == null ? answer.leader().getAttempt() : remote.getCalls();
  }

  /** OpenAI's {@code tool_calls} as JSON text; null where no tool was called. */
  String toolCalls() {
    return remote == null ? null : remote.getToolCalls();
  }

  /** What a remote model's answer is billed for; null if that is not known, and of others. */
  CountedTokens usage() {
    return remote == null ? null : remote.getUsage();
  }

  /** Tokens generated. */
  long outputTokens() {
    return usage() == null ? tokens.size() : usage().getOutput();
  }

  /** Tokens that drafts proposed, accepted or not. */
  long draftedTokens() {
    return draftedTokens;
  }

  /** Device time that drafts spared, nanoseconds; negative where they cost more. */
  long savedNanos() {
    return savedNanos;
  }

  /** How many of them were accepted: they are among {@link #tokens}. */
  long acceptedTokens() {
    return tokens.stream().filter(GeneratedToken::getDrafted).count();
  }

  /** Tokens of a prompt of so many that were computed for this choice. */
  long freshPromptTokens(long promptTokens) {
    if (usage() != null) {
      return RemoteChoices.freshTokens(usage());
    }
    long uncached = promptTokens - cachedPromptTokens;
    return tokens.isEmpty() ? Math.min(computedPromptTokens, uncached) : uncached;
  }

  /** Epoch milliseconds of the first computed step; 0 before. */
  long startedMs() {
    return startedMs;
  }

  /** Epoch milliseconds of the first token; 0 before. */
  long firstTokenMs() {
    return firstTokenMs;
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
