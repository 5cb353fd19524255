package io.millrace.jobs.generate;

import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.RemoteOutcome;
import io.millrace.engine.TokenOutput;
import io.millrace.jobs.MillraceOptions.TokenEvents;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.CachedAnswer;
import io.millrace.jobs.state.CachedChoice;
import io.millrace.schemas.ResponseFinishReason;
import io.millrace.schemas.TokenEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Writes the events of the tokens topic.
 *
 * <p>Text becomes final a little after its tokens, when no character and no stop string can be cut
 * any more; it stands in the event of the token that made it final. The texts of a request's events
 * in order are its answer.
 */
final class TokenEventWriter {
  private final TokenEvents mode;

  TokenEventWriter(TokenEvents mode) {
    this.mode = mode;
  }

  /**
   * What a step generated for a choice of the prompt that leads.
   *
   * @param index position of the step's first token in the choice
   */
  List<TokenEvent> generated(
      AdmittedPrompt prompt, int choice, int index, GenerationUpdate update, long nowMs) {
    if (mode == TokenEvents.OFF || (update.tokens().isEmpty() && !update.finished())) {
      return List.of();
    }
    ResponseFinishReason end =
        update.finished()
            ? ResponseFinishReason.valueOf(update.finishReason().name().toLowerCase(Locale.ROOT))
            : null;
    int count = update.tokens().size();
    boolean logprobs = prompt.getSampling().getLogprobs() >= 0;
    if (count == 0 || (mode == TokenEvents.STEP && count > 1)) {
      TokenEvent.Builder event = event(prompt, choice, index, nowMs);
      RemoteOutcome remote = update.remote();
      if (remote != null) {
        event.setAttempt(remote.attempt());
      }
      return List.of(
          event
              .setTokenCount(
                  remote == null || remote.usage() == null
                      ? count
                      : (int) remote.usage().outputTokens())
              .setText(update.text())
              .setLogprob(
                  logprobs && count > 0
                      ? update.tokens().stream().mapToDouble(TokenOutput::logprob).sum()
                      : null)
              .setDrafted(update.tokens().stream().anyMatch(TokenOutput::drafted))
              .setFinishReason(end)
              .build());
    }
    List<TokenEvent> events = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      TokenOutput token = update.tokens().get(i);
      boolean last = i == count - 1;
      events.add(
          event(prompt, choice, index + i, nowMs)
              .setTokenId(token.id())
              .setText(last ? update.text() : "")
              .setLogprob(logprobs ? (double) token.logprob() : null)
              .setDrafted(token.drafted())
              .setFinishReason(last ? end : null)
              .build());
    }
    return events;
  }

  /** A shared answer comes whole, as one event for each choice. */
  List<TokenEvent> reused(AdmittedPrompt prompt, CachedAnswer answer, long nowMs) {
    if (mode == TokenEvents.OFF) {
      return List.of();
    }
    List<TokenEvent> events = new ArrayList<>();
    for (CachedChoice choice : CachedChoices.of(answer)) {
      events.add(
          event(prompt, events.size(), 0, nowMs)
              .setTokenCount(choice.getOutputTokens())
              .setText(choice.getText())
              .setFinishReason(ResponseFinishReason.valueOf(choice.getFinishReason()))
              .build());
    }
    return events;
  }

  private static TokenEvent.Builder event(
      AdmittedPrompt prompt, int choice, int index, long nowMs) {
    return TokenEvent.newBuilder()
        .setRequestId(prompt.getRequestId())
        .setAttempt(prompt.getAttempt())
        .setChoice(choice)
        .setIndex(index)
        .setTime(Instant.ofEpochMilli(nowMs));
  }
}
