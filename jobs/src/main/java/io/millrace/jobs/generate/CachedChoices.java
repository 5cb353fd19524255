package io.millrace.jobs.generate;

import io.millrace.jobs.state.CachedAnswer;
import io.millrace.jobs.state.CachedChoice;
import java.util.ArrayList;
import java.util.List;

/** The choices of a finished answer, the first and the further ones alike. */
final class CachedChoices {
  private CachedChoices() {}

  static List<CachedChoice> of(CachedAnswer answer) {
    List<CachedChoice> choices = new ArrayList<>();
    choices.add(
        new CachedChoice(
            answer.getText(),
            answer.getFinishReason(),
            answer.getOutputTokens(),
            answer.getTokens(),
            answer.getToolCalls()));
    choices.addAll(answer.getFurtherChoices());
    return choices;
  }

  static long outputTokens(CachedAnswer answer) {
    return of(answer).stream().mapToLong(CachedChoice::getOutputTokens).sum();
  }

  /** Whether a choice is incomplete because a deadline passed. */
  static boolean expired(CachedAnswer answer) {
    return of(answer).stream().anyMatch(choice -> choice.getFinishReason().equals("expired"));
  }

  /** About its bytes in state: a character takes up to three, an id with a logprob up to nine. */
  static long size(CachedAnswer answer) {
    long size = 0;
    for (CachedChoice choice : of(answer)) {
      size += 3L * choice.getText().length();
      size += choice.getToolCalls() == null ? 0 : 3L * choice.getToolCalls().length();
      size += 9 * choice.getTokens().stream().mapToLong(t -> 1 + t.getAlternatives().size()).sum();
    }
    return size;
  }
}
