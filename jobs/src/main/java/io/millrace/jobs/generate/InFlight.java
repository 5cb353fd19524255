package io.millrace.jobs.generate;

import io.millrace.engine.FinishReason;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.CountedTokens;
import io.millrace.jobs.state.Progress;
import io.millrace.jobs.state.RemoteCalls;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.ToLongFunction;

/** One answer in progress: the prompt that leads it, and its choices. */
final class InFlight {
  private final AdmittedPrompt leader;
  private final List<ChoiceInFlight> choices = new ArrayList<>();

  InFlight(AdmittedPrompt leader) {
    this.leader = leader;
    for (int i = 0; i < leader.getSampling().getN(); i++) {
      choices.add(new ChoiceInFlight(this, i));
    }
  }

  /** An answer as a checkpoint left it. */
  static InFlight restored(AdmittedPrompt leader, Iterable<Progress> recorded) {
    InFlight answer = new InFlight(leader);
    recorded.forEach(progress -> answer.choices.get(progress.getChoice()).restore(progress));
    return answer;
  }

  /**
   * What keyed state lacks, to be added to it, at most one record for each choice. Counts as
   * recorded from here on.
   */
  List<Progress> takeUnrecorded() {
    return choices.stream().map(ChoiceInFlight::takeUnrecorded).filter(Objects::nonNull).toList();
  }

  AdmittedPrompt leader() {
    return leader;
  }

  String fingerprint() {
    return leader.getFingerprint();
  }

  /** From the first on. */
  List<ChoiceInFlight> choices() {
    return choices;
  }

  /** Whether all choices have ended. */
  boolean finished() {
    return choices.stream().allMatch(choice -> choice.finishReason() != null);
  }

  /** Whether a choice ended because a deadline passed. */
  boolean expired() {
    return choices.stream().anyMatch(choice -> choice.finishReason() == FinishReason.EXPIRED);
  }

  /** Whether a remote model is asked. */
  boolean remote() {
    return leader.getChat() != null;
  }

  /**
   * The configured name of the model that answered, or was asked last: of the first choice. Not the
   * leader's where that fell back on another.
   */
  String answeredBy() {
    RemoteCalls calls = choices.get(0).remote();
    return calls == null ? leader.getModel() : calls.getModel();
  }

  /** What computed for {@link #answeredBy}; null before the first call. */
  String answeringBackend() {
    RemoteCalls calls = choices.get(0).remote();
    return calls == null ? null : calls.getBackend();
  }

  /** Whether another model than the one asked for had a part in the answer. */
  boolean fellBack() {
    return choices.stream()
        .anyMatch(
            choice ->
                choice.remote() != null && !choice.remote().getModel().equals(leader.getModel()));
  }

  /** Tokens of the prompt, as one choice counts them; 0 if a remote model did not say. */
  long promptTokens() {
    CountedTokens usage = choices.get(0).usage();
    return usage == null ? EngineRequests.promptTokens(leader) : usage.getInput();
  }

  /** Tokens of the answer that went into reasoning, over all choices. */
  long reasoningTokens() {
    return sum(choice -> choice.usage() == null ? 0 : choice.usage().getReasoning());
  }

  long prefillNanos() {
    return sum(ChoiceInFlight::prefillNanos);
  }

  long decodeNanos() {
    return sum(ChoiceInFlight::decodeNanos);
  }

  /** Prompt tokens computed, over all choices. */
  long freshTokens() {
    long promptTokens = EngineRequests.promptTokens(leader);
    return sum(choice -> choice.freshPromptTokens(promptTokens));
  }

  /** Prompt tokens that the prefix cache held, over all choices. */
  long cachedTokens() {
    return sum(ChoiceInFlight::cachedPromptTokens);
  }

  long outputTokens() {
    return sum(ChoiceInFlight::outputTokens);
  }

  /** Milliseconds from admission to the first computed step; null while there is none. */
  Long queueMs() {
    return sinceAdmission(ChoiceInFlight::startedMs);
  }

  /** Milliseconds from admission to the first token; null while there is none. */
  Long firstTokenAfterMs() {
    return sinceAdmission(ChoiceInFlight::firstTokenMs);
  }

  /** Over all choices. */
  long sum(ToLongFunction<ChoiceInFlight> of) {
    return choices.stream().mapToLong(of).sum();
  }

  private Long sinceAdmission(ToLongFunction<ChoiceInFlight> timeMs) {
    long first = choices.stream().mapToLong(timeMs).filter(time -> time > 0).min().orElse(0);
    return first == 0 ? null : Math.max(0, first - leader.getAdmittedMs());
  }
}
